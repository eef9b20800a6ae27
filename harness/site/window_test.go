package site_test

import (
	"testing"
	"time"

	"drillbook/harness/site"
)

// A window is open from its beginning until just before its end, over midnight, in its own
// zone, and never longer than clocks that are changed allow.
func TestUntil(t *testing.T) {
	night := site.Window{Days: []string{"sat"}, From: 22 * 60, To: 4 * 60, Zone: "Europe/Berlin"}
	whole := site.Window{Days: []string{"sat", "sun"}, From: 0, To: 24 * 60, Zone: "UTC"}
	every := site.Window{
		Days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, From: 0, To: 24 * 60, Zone: "UTC",
	}
	early := site.Window{Days: []string{"sun"}, From: 2*60 + 30, To: 5 * 60, Zone: "Europe/Berlin"}
	late := site.Window{Days: []string{"sun"}, From: 60, To: 2*60 + 30, Zone: "Europe/Berlin"}
	gone := site.Window{Days: []string{"sun"}, From: 2*60 + 10, To: 2*60 + 50, Zone: "Europe/Berlin"}
	for _, tt := range []struct {
		name string
		w    site.Window
		now  string
		want string // "": it is shut
	}{
		{"before", night, "2026-11-28T20:59:59Z", ""},
		{"at its beginning", night, "2026-11-28T21:00:00Z", "2026-11-29T03:00:00Z"},
		{"after midnight", night, "2026-11-29T02:59:59Z", "2026-11-29T03:00:00Z"},
		{"at its end", night, "2026-11-29T03:00:00Z", ""},
		{"the evening after", night, "2026-11-29T22:00:00Z", ""},
		{"as another zone says it", night, "2026-11-29T05:30:00+08:00", "2026-11-29T03:00:00Z"},
		{"in summer", night, "2026-07-04T20:00:00Z", "2026-07-05T02:00:00Z"},
		{"two days, the first", whole, "2026-11-28T12:00:00Z", "2026-11-30T00:00:00Z"},
		{"two days, the second", whole, "2026-11-29T12:00:00Z", "2026-11-30T00:00:00Z"},
		{"two days, after", whole, "2026-11-30T00:00:00Z", ""},
		{"every day", every, "2026-11-28T12:00:00Z", "2026-12-07T00:00:00Z"},
		{"always", site.Window{}, "2026-11-28T12:00:00Z", "0001-01-01T00:00:00Z"},
		// Berlin: on 2026-03-29 02:00 becomes 03:00, on 2026-10-25 03:00 becomes 02:00.
		{"put forward, a night an hour shorter", night, "2026-03-28T22:00:00Z", "2026-03-29T02:00:00Z"},
		{"put forward, it begins at a time that does not come", early, "2026-03-29T01:29:00Z", ""},
		{"put forward, it has begun", early, "2026-03-29T01:30:00Z", "2026-03-29T03:00:00Z"},
		{"put forward, it ends at a time that does not come", late, "2026-03-29T00:29:00Z", "2026-03-29T00:30:00Z"},
		{"put forward, it does not come at all", gone, "2026-03-29T01:00:00Z", ""},
		{"put back, a night an hour longer", night, "2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z"},
		{"put back, it begins at a time that comes twice", early, "2026-10-25T01:29:00Z", ""},
		{"put back, it has begun", early, "2026-10-25T01:30:00Z", "2026-10-25T04:00:00Z"},
		{"put back, it ends at a time that comes twice", late, "2026-10-25T00:29:00Z", "2026-10-25T00:30:00Z"},
		{"put back, it has ended", late, "2026-10-25T00:31:00Z", ""},
		{"put back, it is the first time still", late, "2026-10-25T01:15:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		end, open := tt.w.Until(now)
		got := ""
		if open {
			got = end.UTC().Format(time.RFC3339)
		}
		if got != tt.want {
			t.Errorf("%s: at %s it is open until %q, want %q", tt.name, tt.now, got, tt.want)
		}
	}
}
