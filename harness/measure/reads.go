package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// Reads says who answered what clients read in a part of the drill.
type Reads struct {
	Span

	Step int  // in which it lies, or for an outage began; 0: in none
	Out  bool // clients' writes were out meanwhile
	// By counts those answered by each of the head's members, Unnamed those of which the
	// answer does not tell.
	By      []int
	Unnamed int
	Failed  int
}

// reads are the parts of the drill in which something was read, in order: each outage of
// writes, and what is left of each step and of the times between steps. A read belongs
// where it was asked. Nil if no answer tells who gave it.
func (v *view) reads(steps []Step, outages []Outage) []Reads {
	parts := readParts(steps, outages)
	named := false
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if s := v.rec.Head.Streams[a.Stream]; s.Kind != record.Reading || s.Member != "" {
			continue
		}
		p := partOf(parts, a.Sent)
		switch {
		case a.Outcome != record.Acked:
			p.Failed++
		case a.Member == 0 || int(a.Member) > len(v.rec.Head.Members):
			p.Unnamed++
		default:
			if p.By == nil {
				p.By = make([]int, len(v.rec.Head.Members))
			}
			p.By[a.Member-1]++
			named = true
		}
	}
	if !named {
		return nil
	}
	parts = slices.DeleteFunc(parts, func(p Reads) bool { return p.By == nil && p.Unnamed+p.Failed == 0 })
	for i := range parts {
		parts[i].To = min(parts[i].To, v.end)
		if parts[i].By == nil {
			parts[i].By = make([]int, len(v.rec.Head.Members))
		}
	}
	return parts
}

// readParts are the parts that a drill falls into, without gaps, from its beginning on.
func readParts(steps []Step, outages []Outage) []Reads {
	var out []Reads
	outages = slices.Clone(outages)
	slices.SortStableFunc(outages, func(a, b Outage) int { return cmp.Compare(a.Began, b.Began) })
	for _, o := range outages {
		if o.To > o.Began && (len(out) == 0 || o.Began >= out[len(out)-1].To) {
			out = append(out, Reads{Span: Span{o.Began, o.To}, Step: o.Step, Out: true})
		}
	}
	var parts []Reads
	at := time.Duration(0)
	until := func(to time.Duration, step int) { // fills up to a time, outages first
		for at < to {
			switch {
			case len(out) > 0 && out[0].From <= at:
				parts, at, out = append(parts, out[0]), max(at, out[0].To), out[1:]
			case len(out) > 0 && out[0].From < to:
				parts = append(parts, Reads{Span: Span{at, out[0].From}, Step: step})
				at = out[0].From
			default:
				parts, at = append(parts, Reads{Span: Span{at, to}, Step: step}), to
			}
		}
	}
	for _, s := range steps {
		if s.Outcome != Skipped {
			until(s.From, 0)
			until(s.From+s.Took, s.Number)
		}
	}
	until(endless, 0)
	return parts
}

// partOf is the part that a time lies in.
func partOf(parts []Reads, at time.Duration) *Reads {
	i, _ := slices.BinarySearchFunc(parts, at, func(p Reads, at time.Duration) int {
		if p.To <= at {
			return -1
		}
		return 1
	})
	return &parts[min(i, len(parts)-1)]
}
