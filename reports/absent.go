package reports

import (
	"maps"
	"slices"
	"time"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// skipped is the table of what was skipped; nil if nothing was.
func (w writer) skipped(all []Skipped) *grid {
	if len(all) == 0 {
		return nil
	}
	g := newGrid(w.Say("runbook"), w.Say("product"), w.Say("host"), w.Say("skipped.why"))
	for i, s := range all {
		if i == maxOverview {
			g.More = w.Say("left-out", "count", words.Count(len(all)-i))
			break
		}
		g.add(named(s.Runbook, s.Params), text.Name(s.Product), text.Name(s.Host), text.Name(s.Why))
	}
	return g
}

// newSkippedSuite has one case, which is not named as any of a drill's.
func newSkippedSuite(n int, s Skipped) junitSuite {
	out := loneSuite(n, record.Head{Product: s.Product, Runbook: s.Runbook, Host: s.Host, Params: s.Params}, s.Found)
	out.Skipped = 1
	out.Cases[0].Skipped = &junitCause{Message: text.Clean(s.Why)}
	return out
}

// loneSuite is the suite of a drill without a record: of one case, to which
// nothing has happened.
func loneSuite(n int, h record.Head, found time.Time) junitSuite {
	out := junitSuite{
		ID: n, Package: orDash(text.Name(h.Product)), Name: text.Name(h.Runbook), Hostname: orDash(text.Name(h.Host)),
		Timestamp: found.UTC().Format(junitTime), Tests: 1, Time: seconds(0),
		Properties: []junitProperty{
			{"runbook", text.Clean(h.Runbook)}, {"product", text.Clean(h.Product)}, {"host", text.Clean(h.Host)},
		},
		Cases: []junitCase{{Name: "The drill", Classname: junitClass(h), Time: seconds(0)}},
	}
	for _, k := range slices.Sorted(maps.Keys(h.Params)) {
		out.Properties = append(out.Properties, junitProperty{text.Line(text.Clean("params." + k)), text.Clean(h.Params[k])})
	}
	return out
}

// broken is the table of what went wrong outside of the records; nil if nothing
// did.
func (w writer) broken(all []Broken) *grid {
	if len(all) == 0 {
		return nil
	}
	g := newGrid(w.Say("runbook"), w.Say("product"), w.Say("host"), w.Say("broken.what"), w.Say("broken.why"))
	for i, b := range all {
		if i == maxOverview {
			g.More = w.Say("left-out", "count", words.Count(len(all)-i))
			break
		}
		g.add(named(b.Runbook, b.Params), orDash(text.Name(b.Product)), orDash(text.Name(b.Host)),
			w.Say("breakage."+string(b.What)), text.Name(b.Why))
	}
	return g
}

// newBrokenSuite has one case, an error, which is not named as any of a drill's.
func newBrokenSuite(n int, b Broken) junitSuite {
	name := "The drill"
	if b.What == LeftBehind {
		name = "Nothing is left behind"
	}
	s := loneSuite(n, record.Head{Product: b.Product, Runbook: b.Runbook, Host: b.Host, Params: b.Params}, b.Found)
	s.Errors = 1
	s.Cases[0].Name = name
	s.Cases[0].Error = &junitCause{Type: string(b.What), Message: text.Clean(b.Why)}
	return s
}
