package measure

import (
	"time"

	"drillbook/harness/record"
)

// What attempts prove of the time in which service was down. A bracket may be too
// wide, but it must not be wrong: what a pause of this machine may have been is
// not held against the service.

// unnoticed is how long a pause of the machine can be, at most, that the probe does
// not note as a stall.
const unnoticed = 12 * time.Millisecond

// proof is what attempts prove of the time in which service was down: from no
// later than by, until no earlier than till. The first of them left at a time.
type proof struct {
	at, by, till time.Duration
	any          bool
}

// join adds what another proof proves of the same outage.
func (p *proof) join(o proof) {
	switch {
	case !o.any:
	case !p.any:
		*p = o
	default:
		p.at, p.by, p.till = min(p.at, o.at), min(p.by, o.by), max(p.till, o.till)
	}
}

func (p *proof) least() time.Duration {
	if !p.any {
		return 0
	}
	return max(0, p.till-p.by)
}

// prove adds a proof to those of a gap, which are in the order of time. Nobody asked in
// a stall: where one leaves time to settle, service may have been back in it.
func (v *view) prove(g *gap, p proof) {
	n := len(g.proofs) - 1
	for n > 0 && g.proofs[n].at > p.at {
		n--
	}
	if n < 0 || n == len(g.proofs)-1 && v.settles(g.proofs[n], p) && v.stalled(g.proofs[n].till, p.by) {
		g.proofs = append(g.proofs, p)
		return
	}
	g.proofs[n].join(p)
}

// settles reports whether there is time to settle between two proofs.
func (v *view) settles(p, next proof) bool { return next.by-p.till >= v.rec.Head.Settings.Settle }

// failing is a span in which service was down at some time, since an attempt
// failed. A server that was asked and owes its answer past the deadline was down
// within the response bound. Any other failure may be one of several: a driver that gives
// up one server after the other says so only with the last.
func failing(a *record.Attempt, responseBound time.Duration) (from, to time.Duration) {
	if a.Expired && a.Outcome == record.Unknown {
		return a.Asked(), min(a.Asked()+responseBound, a.Done)
	}
	return a.Sent, a.Done
}

// lateAnswers adds what late answers prove that arrived at the end of the gap or
// after it. A server that was asked and owed its answer for longer than a
// healthy one does was down for that long; where attempts failed, which proves
// more, only if no pause of the machine can have been the reason. An attempt that
// had to wait for a session for longer than twice that met nobody when it left;
// what was so while it waited it does not prove, since what is sent into a cut
// network stays lost.
func (s *series) lateAnswers(v *view, g *gap, responseBound time.Duration) {
	var pause time.Duration
	if g.failed > 0 {
		pause = unnoticed
	}
	for k := g.next; k < len(s.acks); k++ {
		a := s.ack(k)
		if a.Sent >= g.to && a.Done > g.to+s.stream.Connect+s.stream.Reply {
			break
		}
		asked := a.Asked()
		if asked-a.Sent > 2*responseBound && a.Sent >= g.from && a.Sent < g.to && !v.stalled(a.Sent, asked) {
			v.prove(g, proof{a.Sent, a.Sent + responseBound, a.Sent, true})
		}
		if asked < g.from || asked >= g.to {
			continue
		}
		if by, till := v.latest(asked)+responseBound, min(v.earliest(a.Done), g.to)-responseBound; till-by > pause {
			v.prove(g, proof{asked, by, till, true})
		}
	}
}
