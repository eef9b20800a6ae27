package model

import (
	"slices"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// Picture is what all pictures have: a stretch of the drill's time, and words for
// whoever does not see it.
type Picture struct {
	Title, Lead, Desc string
	From, To          time.Duration // always longer than nothing
	Ticks             []Tick        // what the axis of time names
	Legend            []Legend      // the marks that may occur
	Table             *Table        // the same in words; nil if there is such a table anyway
}

// Tick is a place on an axis with its label.
type Tick struct {
	At    time.Duration
	Label string
}

// Legend explains a mark.
type Legend struct{ Mark, Label string }

// Span is a stretch of time, with what is written beside it and a longer note.
type Span struct {
	From, To    time.Duration
	Label, Note string
}

// Point is an attempt, at the time at which it was to leave.
type Point struct{ At, Took time.Duration }

// Points are attempts by their outcome. Of those acknowledged, writes that were lost
// later and reads that were stale stand apart.
type Points struct{ Acked, Refused, Unknown, Lost, Stale []Point }

// All are the points of every outcome.
func (p Points) All() []Point { return slices.Concat(p.Acked, p.Refused, p.Unknown, p.Lost, p.Stale) }

// Scale is an axis of latencies between two powers of ten.
type Scale struct {
	Low, High time.Duration
	Ticks     []Tick // every power of ten
}

// Lane is what a member said it was, and what it answered.
type Lane struct {
	Member  string
	Kind    string // what it is there for; "" if nothing is said of it
	Roles   []Role
	Took    []Span // when it acknowledged writes, whoever sent them
	Answers Points // to the writes that were sent straight to it
	Alerts  []Span // lines of its logs that somebody should read
}

// Role is what a member said it was: primary, standby, neither, none if it did not
// answer, else other.
type Role struct {
	Span
	Kind string
}

func (d drafter) picture(key string, from, to time.Duration, legend ...Legend) Picture {
	for i, l := range legend {
		legend[i].Label = d.Say(l.Label)
	}
	return Picture{
		Title: d.Say(key), From: from, To: max(to, from+time.Millisecond), Legend: legend,
	}
}

// within reports whether a time is in the picture.
func (p Picture) within(t time.Duration) bool { return t >= p.From && t <= p.To }

// ticks are at round times from zero on. What is after it begins with plus.
func (d drafter) ticks(p Picture, zero time.Duration, plus string) []Tick {
	const most = 10
	step := 24 * time.Hour
	for _, s := range tickSteps() {
		if (p.To-p.From)/s < most {
			step = s
			break
		}
	}
	first := (p.From - zero).Truncate(step) + zero
	if first < p.From {
		first += step
	}
	var ticks []Tick
	for t := first; t <= p.To && len(ticks) < 4*most; t += step {
		label := "0"
		if t > zero {
			label = plus + d.Duration(t-zero)
		} else if t < zero {
			label = d.Duration(t - zero)
		}
		ticks = append(ticks, Tick{t, label})
	}
	return ticks
}

func tickSteps() []time.Duration {
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	return []time.Duration{
		ms, 2 * ms, 5 * ms, 10 * ms, 20 * ms, 50 * ms, 100 * ms, 200 * ms, 500 * ms,
		s, 2 * s, 5 * s, 10 * s, 15 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 15 * m, 30 * m, h, 2 * h, 6 * h, 12 * h,
	}
}

func (d drafter) scale(low, high time.Duration) Scale {
	s := Scale{Low: 10 * time.Microsecond}
	for s.Low*10 <= low {
		s.Low *= 10
	}
	for s.High = s.Low * 10; s.High < high; {
		s.High *= 10
	}
	for t := s.Low; t <= s.High; t *= 10 {
		s.Ticks = append(s.Ticks, Tick{t, d.Duration(t)})
	}
	return s
}

// points are the attempts of some streams in a picture.
func (d drafter) points(p Picture, chosen []bool) Points {
	var all Points
	for i := range d.rec.Attempts {
		a := &d.rec.Attempts[i]
		if !chosen[a.Stream] || !p.within(a.Intended) {
			continue
		}
		point := Point{a.Intended, a.Done - a.Intended}
		to := &all.Acked
		switch {
		case a.Outcome == record.Refused:
			to = &all.Refused
		case a.Outcome == record.Unknown:
			to = &all.Unknown
		case d.bad.lost[keyOf(a)]:
			to = &all.Lost
		case d.bad.stale[keyOf(a)]:
			to = &all.Stale
		}
		*to = append(*to, point)
	}
	return all
}

// clients chooses the clients' streams of a kind, writers those that write
// straight to a member.
func (d drafter) clients(kind record.StreamKind) []bool { return d.choose(kind, "") }

func (d drafter) writers(member string) []bool { return d.choose(record.Write, member) }

// choose is nil if there is no such stream.
func (d drafter) choose(kind record.StreamKind, member string) []bool {
	of := func(s record.Stream) bool { return s.Kind == kind && s.Member == member }
	if !slices.ContainsFunc(d.rec.Head.Streams, of) {
		return nil
	}
	chosen := make([]bool, len(d.rec.Head.Streams))
	for i, s := range d.rec.Head.Streams {
		chosen[i] = of(s)
	}
	return chosen
}

// outagesOf are the outages of the clients' streams of a kind, bounded.
func (d drafter) outagesOf(kind record.StreamKind) []Span {
	var out []Span
	for _, o := range d.res.Outages {
		if d.rec.Head.Streams[o.Stream].Kind == kind && len(out) < maxRows {
			out = append(out, d.outageSpan(o))
		}
	}
	return out
}

func (d drafter) outageSpan(o measure.Outage) Span {
	return Span{From: o.From, To: o.To, Label: d.Bracket(o.Bracket, o.Open)}
}

// lanes are those of the members.
func (d drafter) lanes() []Lane {
	shown := d.res.Lanes[:min(len(d.res.Lanes), maxRows)]
	out := make([]Lane, 0, len(shown))
	for _, l := range shown {
		lane := Lane{Member: text.Name(l.Member), Kind: d.kind(l.Member)}
		for _, s := range l.Roles {
			lane.Roles = append(lane.Roles, d.role(s))
		}
		out = append(out, lane)
	}
	return out
}

// auxiliaries are the lanes of the nodes besides the members: they have no roles, but
// states.
func (d drafter) auxiliaries() []Lane {
	out := make([]Lane, 0, len(d.res.Auxiliaries))
	for _, a := range d.res.Auxiliaries {
		out = append(out, d.auxiliary(a))
	}
	return out
}

func (d drafter) auxiliary(a measure.Auxiliary) Lane {
	lane := Lane{Member: text.Name(a.Name)}
	for _, s := range a.States {
		kind, label := "none", d.state(s.State)
		if s.State == "running" {
			kind = "other"
		}
		note := d.Say("fact", "name", label) + words.Moment(s.From) + " – " + words.Moment(s.To)
		lane.Roles = append(lane.Roles, Role{Span{s.From, s.To, label, note}, kind})
	}
	return lane
}

// state is what the place says of a node, in words.
func (d drafter) state(s string) string {
	if key := "state." + s; d.Has(key) {
		return d.Say(key)
	}
	return text.Name(s)
}

func (d drafter) role(s measure.RoleSpan) Role {
	kind, label := "other", text.Name(s.Role)
	switch s.Role {
	case "":
		kind, label = "none", d.Say("role.none")
	case "primary", "standby", "neither":
		kind, label = s.Role, d.Say("role."+s.Role)
	case "voter":
		label = d.Say("role.voter")
	}
	note := d.Say("fact", "name", label) + words.Moment(s.From) + " – " + words.Moment(s.To)
	return Role{Span{s.From, s.To, label, note}, kind}
}
