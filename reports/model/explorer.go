package model

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// Explorer is what can be looked at in the picture over time, attempt by attempt: every
// one that failed, was lost later or was stale, and of the others the fastest and the
// slowest of each short time, and those beside a failure or at the end of an outage.
type Explorer struct {
	Picture
	Streams []Explored
	Members []string // who acknowledged: 1 + index
	Causes  []string // why attempts failed; the first is empty
	Jumps   []Jump
	Words   map[string]string
}

// Explored is one stream.
type Explored struct {
	Name     string
	Clients  bool // it goes the clients' way, not straight to a member
	Interval time.Duration
	Attempts []Attempt // in the order in which they were to leave
}

// Attempt is one attempt of a stream.
type Attempt struct {
	Seq                  uint32
	Intended, Sent, Done time.Duration
	Member, Cause        int // indices; 0: none
	Fate                 Fate
	Expired              bool
}

// Fate is what became of an attempt.
type Fate uint8

// The fates.
const (
	Unknown Fate = iota
	Acked
	Refused
	Lost  // acknowledged, and gone later
	Stale // acknowledged, and not the newest
)

// Jump is a stretch of time that is worth looking at.
type Jump struct {
	Kind     string // outage or fault
	Label    string
	Stream   string // the name of the stream that had the outage
	From, To time.Duration
}

// explorer is nil if nothing was tried.
func (d drafter) explorer(t *Timeline) *Explorer {
	if t == nil || len(d.rec.Attempts) == 0 || len(d.rec.Head.Streams) == 0 {
		return nil
	}
	e := &Explorer{Picture: t.Picture, Members: make([]string, len(d.rec.Head.Members)), Jumps: d.jumps()}
	for i, m := range d.rec.Head.Members {
		e.Members[i] = text.Name(m)
	}
	for i, s := range d.rec.Head.Streams {
		e.Streams = append(e.Streams, Explored{Name: d.streamName(i), Clients: s.Member == "", Interval: s.Interval})
	}
	keep := d.worthKeeping(t.Picture)
	causes := newCauses(d.rec.Causes)
	for i, kept := range keep {
		if a := &d.rec.Attempts[i]; kept {
			s := &e.Streams[a.Stream]
			s.Attempts = append(s.Attempts, d.attempt(a, causes))
		}
	}
	for _, s := range e.Streams {
		slices.SortStableFunc(s.Attempts, func(a, b Attempt) int { return cmp.Compare(a.Intended, b.Intended) })
	}
	e.Causes = causes.texts
	e.Words = map[string]string{}
	for _, key := range []string{
		"stream", "intended", "sent", "latency", "outcome", "error", "member", "number", "later", "nothing", "expired",
		"fate.0", "fate.1", "fate.2", "fate.3", "fate.4", "range",
	} {
		e.Words[key] = d.Say("explore." + key)
	}
	e.Words["ms"], e.Words["s"] = d.Say("unit.ms", "n", "{n}"), d.Say("unit.s", "n", "{n}")
	return e
}

func (d drafter) attempt(a *record.Attempt, causes *causes) Attempt {
	return Attempt{
		Seq: a.Seq, Intended: a.Intended, Sent: a.Sent, Done: a.Done, Member: int(a.Member),
		Cause: causes.index(a.Cause), Fate: d.fate(a), Expired: a.Expired,
	}
}

func (d drafter) fate(a *record.Attempt) Fate {
	switch {
	case a.Outcome == record.Refused:
		return Refused
	case a.Outcome == record.Unknown:
		return Unknown
	case d.bad.lost[keyOf(a)]:
		return Lost
	case d.bad.stale[keyOf(a)]:
		return Stale
	}
	return Acked
}

// worthKeeping says of every attempt of the record whether the explorer has it.
func (d drafter) worthKeeping(p Picture) []bool {
	all := d.rec.Attempts
	keep := make([]bool, len(all))
	streams := make([]thinned, len(d.rec.Head.Streams))
	for i := range streams {
		streams[i] = newThinned(p)
	}
	for i := range all {
		a := &all[i]
		s := &streams[a.Stream]
		failed := d.fate(a) != Acked
		keep[i] = failed || s.failing
		if failed && s.last >= 0 {
			keep[s.last] = true
		}
		s.failing, s.last = failed, i
		if !failed {
			s.see(all, i)
		}
	}
	for _, s := range streams {
		for _, i := range slices.Concat(s.fastest, s.slowest) {
			if i >= 0 {
				keep[i] = true
			}
		}
	}
	for _, o := range d.res.Outages {
		keepEnds(keep, all, o)
	}
	return keep
}

// keepEnds keeps the last answer before an outage and the first one after it.
func keepEnds(keep []bool, all []record.Attempt, o measure.Outage) {
	for _, end := range []time.Duration{o.From, o.To} {
		i, _ := slices.BinarySearchFunc(all, end, func(a record.Attempt, at time.Duration) int {
			return cmp.Compare(a.Done, at)
		})
		for ; i < len(all) && all[i].Done == end; i++ {
			keep[i] = keep[i] || int(all[i].Stream) == o.Stream
		}
	}
}

// thinned is one stream while its attempts are thinned: in each short time, the fastest
// and the slowest one that was acknowledged stay.
type thinned struct {
	Buckets
	fastest, slowest []int // by bucket; -1: none
	last             int   // the attempt before; -1: none
	failing          bool  // it failed
}

func newThinned(p Picture) thinned {
	s := thinned{Buckets: Buckets{From: p.From, Width: max((p.To-p.From)/maxBuckets, time.Millisecond)}, last: -1}
	n := int((p.To-p.From)/s.Width) + 1
	s.fastest, s.slowest = slices.Repeat([]int{-1}, n), slices.Repeat([]int{-1}, n)
	return s
}

func (s *thinned) see(all []record.Attempt, i int) {
	took := func(i int) time.Duration { return all[i].Done - all[i].Intended }
	n := int((all[i].Intended - s.From) / s.Width)
	if n < 0 || n >= len(s.fastest) {
		return
	}
	if s.fastest[n] < 0 || took(i) < took(s.fastest[n]) {
		s.fastest[n] = i
	}
	if s.slowest[n] < 0 || took(i) > took(s.slowest[n]) {
		s.slowest[n] = i
	}
}

// causes are the reasons that occur, cleaned and bounded.
type causes struct {
	from  []string
	texts []string
	to    map[uint16]int
}

func newCauses(from []string) *causes {
	return &causes{from: from, texts: []string{""}, to: map[uint16]int{0: 0}}
}

// index is where the text of a cause stands. Those for which there is no room share the
// last place.
func (c *causes) index(n uint16) int {
	const most, size = 400, 300
	if i, ok := c.to[n]; ok {
		return i
	}
	switch {
	case len(c.texts) < most:
		c.texts = append(c.texts, text.Short(c.from[n], size))
	case len(c.texts) == most:
		c.texts = append(c.texts, "…")
	}
	c.to[n] = len(c.texts) - 1
	return c.to[n]
}

// jumps are the outages and the faults.
func (d drafter) jumps() []Jump {
	all := []Jump{}
	for _, o := range d.res.Outages[:min(len(d.res.Outages), maxRows)] {
		all = append(all, Jump{"outage", d.Bracket(o.Bracket, o.Open), d.streamName(o.Stream), o.From, o.To})
	}
	for _, f := range d.res.Faults[:min(len(d.res.Faults), maxRows)] {
		to := d.res.Took
		if f.Healed != nil {
			to = *f.Healed
		}
		if f.Injected > 0 {
			all = append(all, Jump{"fault", text.Name(d.told(f.What)), "", f.Injected, to})
		}
	}
	return all
}
