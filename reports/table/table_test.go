package table_test

import (
	"slices"
	"testing"

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
