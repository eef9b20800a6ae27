package table_test

import (
	"slices"
	"strings"
	"testing"

	"drillbook/reports/model"
	"drillbook/reports/table"
)

// TestFold: lines end between words and between Chinese characters, and never between a
// figure and its unit.
func TestFold(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"short", 10, []string{"short"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"宕机时间很长。", 8, []string{"宕机时间", "很长。"}},
		{"宕机 1.54–1.61 毫秒", 16, []string{"宕机", "1.54–1.61 毫秒"}},
		{"out for 1.54–1.61 s", 17, []string{"out for", "1.54–1.61 s"}},
		{"iris/planned-switch-and-failback here", 34, []string{"iris/planned-switch-and-failback", "here"}},
	} {
		if got := table.Fold(tt.text, tt.columns); !slices.Equal(got, tt.want) {
			t.Errorf("Fold(%q, %d) = %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}

// TestTitlesKeepTheirRoom: where a table is wider than its terminal, other columns are folded
// before titles are; on a wider terminal, nothing is.
func TestTitlesKeepTheirRoom(t *testing.T) {
	const title, downtime = "Lead the clients to the virtual address of the mirror", "at least 3.89 s, still open"
	var steps model.Table
	for _, name := range []string{"#", "Step", "Comments", "Downtime", "Allowed", "Time taken", "Planned", "Outcome"} {
		steps.Head = append(steps.Head, model.Column{Title: name})
	}
	steps.Rows = []model.Row{{Cells: []string{"1", title, "", downtime, "30 s", "2 min", "5 min", "✔ passed"}}}
	var d model.Drill
	d.Sections.Steps.Table = &steps
	for columns, want := range map[int]string{80: "", 0: "", 120: "1. " + title, 140: downtime} {
		var out strings.Builder
		if err := table.Write(&out, model.Report{Drills: []model.Drill{d}}, columns); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("at %d columns %q is folded:\n%s", columns, want, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if n := table.Columns(strings.TrimSuffix(line, "\n")); columns > 0 && n > columns {
				t.Errorf("at %d columns a line has %d: %s", columns, n, line)
			}
		}
	}
}
