package measure

import (
	"time"

	"drillbook/harness/record"
)

// Failed attempts and late answers prove that service was down for some time: the
// lower bound of an outage. A bracket may be too wide, but it must not be wrong, so
// nothing that a pause of this machine may have caused is held against the service.

// maxUnnoticedPause is the length up to which a pause of the machine may not have
// been noted as a stall by the probe.
const maxUnnoticedPause = 12 * time.Millisecond

// proof says that service was down at downBy at the latest, and until downUntil
// at the earliest. The first attempt that it rests on left at sent.
type proof struct {
	sent, downBy, downUntil time.Duration
	known                   bool
}

// join combines p with another proof of the same outage.
func (p *proof) join(o proof) {
	switch {
	case !o.known:
	case !p.known:
		*p = o
	default:
		p.sent, p.downBy, p.downUntil = min(p.sent, o.sent), min(p.downBy, o.downBy), max(p.downUntil, o.downUntil)
	}
}

// least is how long service was down for certain.
func (p *proof) least() time.Duration {
	if !p.known {
		return 0
	}
	return max(0, p.downUntil-p.downBy)
}

// addProof adds a proof to those of a gap, which are in the order of time.
// Nothing is asked during a stall, so service may have been back during one that
// leaves time to settle; proofs on both sides of it stay apart.
func (v *view) addProof(g *gap, p proof) {
	n := len(g.proofs) - 1
	for n > 0 && g.proofs[n].sent > p.sent {
		n--
	}
	if n < 0 || n == len(g.proofs)-1 && v.settledBetween(g.proofs[n], p) && v.stalled(g.proofs[n].downUntil, p.downBy) {
		g.proofs = append(g.proofs, p)
		return
	}
	g.proofs[n].join(p)
}

// settledBetween reports whether there was time to settle between two proofs.
func (v *view) settledBetween(p, next proof) bool {
	return next.downBy-p.downUntil >= v.rec.Head.Settings.Settle
}

// failureSpan is a time in which service was down at some moment, because an
// attempt failed. A server that was asked and did not answer by the deadline was
// down within the response bound. Any other failure may be the last of several: a
// driver that tries one server after the other reports only the last.
func failureSpan(a *record.Attempt, responseBound time.Duration) (from, to time.Duration) {
	if a.Expired && a.Outcome == record.Unknown {
		return a.Asked(), min(a.Asked()+responseBound, a.Done)
	}
	return a.Sent, a.Done
}

// addLateAnswers adds what late answers prove that arrived at the end of the gap
// or after it. A server that was asked, and took longer than a healthy one takes,
// was down for the difference. In a gap with failures, which prove more, this
// counts only if no pause of the machine can be the reason. An attempt that
// waited for a session for longer than twice the response bound found no server
// when it left. It proves nothing about the time in which it waited, since what
// is sent into a cut network stays lost.
func (s *series) addLateAnswers(v *view, g *gap, responseBound time.Duration) {
	var pause time.Duration
	if g.failed > 0 {
		pause = maxUnnoticedPause
	}
	for k := g.next; k < len(s.acks); k++ {
		a := s.ack(k)
		if a.Sent >= g.to && a.Done > g.to+s.stream.Connect+s.stream.Reply {
			break
		}
		asked := a.Asked()
		if asked-a.Sent > 2*responseBound && a.Sent >= g.from && a.Sent < g.to && !v.stalled(a.Sent, asked) {
			v.addProof(g, proof{a.Sent, a.Sent + responseBound, a.Sent, true})
		}
		if asked < g.from || asked >= g.to {
			continue
		}
		downBy := v.latestDeparture(asked) + responseBound
		downUntil := min(v.earliestArrival(a.Done), g.to) - responseBound
		if downUntil-downBy > pause {
			v.addProof(g, proof{asked, downBy, downUntil, true})
		}
	}
}
