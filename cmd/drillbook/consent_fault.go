package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/plan"
	"drillbook/reports/table"
	"drillbook/reports/words"
)

// faultConsequence says what a fault is, what clients and the other members suffer by it and
// until when, and only then how it is done, and how it is taken back.
func faultConsequence(ctx context.Context, f fault.Fault, lease time.Duration, w words.Words) string {
	undo, err := fault.UndoOf(ctx, f)
	lines := []string{w.Say("consent.fault-what", "fault", w.Tell(f.Phrase()))}
	for _, kind := range fault.KindsOf(f) {
		text := w.Say("fault-suffers.unknown")
		if kind != "" {
			text = w.Say("fault-suffers." + kind)
		}
		lines = append(lines, w.Say("consent.fault-suffers", "text", text))
	}
	if lease > 0 && err == nil {
		lines = append(lines, faultEnds(undo, lease, w))
	}
	back := wayBack(undo, w)
	if err != nil {
		back = told(w, err)
	}
	lines = append(lines, w.Say("consent.fault", "how", w.Tell(f.Mechanism()), "back", back))
	folded := make([]string, 0, 2*len(lines)) //nolint:mnd // most take two
	for _, line := range lines {
		folded = append(folded, table.Fold(line, helpColumns)...)
	}
	return strings.Join(folded, "\n")
}

// faultEnds says whether a fault on machines that stay ends without the drill.
func faultEnds(undo []host.Undo, lease time.Duration, w words.Words) string {
	if len(undo) == 0 || slices.ContainsFunc(undo, func(u host.Undo) bool { return u.Attended }) {
		return w.Say("consent.fault-stays")
	}
	return w.Say("consent.fault-ends", "lease", w.Duration(lease))
}

// wayBack is what takes a fault back, and where.
func wayBack(undo []host.Undo, w words.Words) string {
	if len(undo) == 0 {
		return w.Say("consent.fault-no-way-back")
	}
	lines := make([]string, 0, len(undo))
	for _, u := range undo {
		told := plan.UndoOf(u, func(command string) string { return command })
		line := u.Node + ": " + told.Command
		if told.ByItself {
			line += w.Say("consent.fault-itself")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}
