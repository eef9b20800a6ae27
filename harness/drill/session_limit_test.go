package drill_test

import (
	"strings"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// What the probe may have open with one member at the same time is what that
// member takes, or nothing is started: all clients may be with it, and one direct
// stream and the harness are.
func TestSessionsFitOneMember(t *testing.T) {
	members := []string{"a", "b"}
	for _, tt := range []struct {
		name  string
		probe drill.Probe
		takes int
		want  []string // parts of the error; none: it fits
	}{
		{"the default", drill.Probe{}, 400, nil},
		{"just enough", drill.Probe{}, 103, nil},
		{"one too few", drill.Probe{}, 102, []string{"103 sessions", "write: 52", "write to a: 15", "takes 102"}},
		{"nobody knows", drill.Probe{Writes: 490, Reply: 2 * time.Second}, 0, nil},
		{
			"a rate",
			drill.Probe{Writes: 490, Reply: 2 * time.Second},
			400,
			[]string{"1295 sessions", "write: 983", "takes 400", "lower --rate to 42 or --reply to 600ms"},
		},
		{
			"a deadline",
			drill.Probe{Writes: 20, Reply: 8 * time.Second},
			400,
			[]string{"write to a: 402", "takes 400", "lower --reply to 2.25s"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.probe.Check(members, driver.Description{
				Title: phrase.Quote("it"), Sessions: tt.takes, Registers: true,
			})
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("Check = %v, want an error: %v", err, tt.want != nil)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// What a plan says is what Check holds against the member.
func TestSessionsWithOneMember(t *testing.T) {
	about := driver.Description{Title: phrase.Quote("it"), Registers: true}
	if got := (drill.Probe{}).Sessions([]string{"a", "b"}, about); got != 103 {
		t.Errorf("the default has %d sessions with a member, want 103", got)
	}
}
