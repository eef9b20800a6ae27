package run

import (
	"slices"

	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/harness/record"
)

// Night is what many machines have carried out together. Its drills are those of the run,
// named as its turns name them.
type Night struct {
	night.Merged

	Like    string         // the night that it is compared with; "" if with none
	Changes []night.Change // since that one
}

// Began reports whether a step of the drill was begun. If none was, the place could not
// carry it out.
func (d Drill) Began() bool {
	return slices.ContainsFunc(d.Record.Events, func(e record.Event) bool { return e.Kind == record.Began })
}

// Brief is the drill without what only its own page shows: attempts, copies, and all
// events but findings and the beginnings of steps. A night of hundreds of drills could not
// keep them.
func (d Drill) Brief() Drill {
	rec := *d.Record
	rec.Attempts, rec.Copies, rec.Events = nil, nil, nil
	for _, e := range d.Record.Events {
		if e.Kind == record.Finding || e.Kind == record.Began {
			rec.Events = append(rec.Events, e)
		}
	}
	d.Record = &rec
	return d
}

// Count is how many cells are in each state.
func (n *Night) Count() map[night.State]int {
	all := map[night.State]int{}
	for _, c := range n.Cells {
		all[c.State]++
	}
	return all
}

// Verdict is that of the night: met only if every cell is.
func (n *Night) Verdict() measure.Verdict {
	all := n.Count()
	switch {
	case all[night.Missed] > 0:
		return measure.Missed
	case all[night.Met] > 0 && all[night.Met] == len(n.Cells):
		return measure.Met
	}
	return measure.Unmeasurable
}
