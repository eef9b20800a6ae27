package site

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // a machine need not have zones of its own, as a container from scratch has none
)

// Window is when drills may run, by the clocks of a zone. It begins on each of its days at
// From, and ends at To, on the day after where To is not later than From. The zero Window is
// always open.
//
// Where clocks are changed, a time that comes twice or not at all is taken so that the window
// is the shorter one.
type Window struct {
	Days []string `json:"days"` // of "mon" to "sun": on which it begins
	From Clock    `json:"from"`
	To   Clock    `json:"to"`
	Zone string   `json:"zone"` // "Europe/Berlin"
}

// IsZero reports whether the window is always open.
func (w Window) IsZero() bool { return len(w.Days) == 0 }

// Clock is a time of day in minutes; 24:00 is the end of a day.
type Clock int

const (
	minutesPerHour = 60
	endOfDay       = Clock(24 * minutesPerHour)
)

func (c Clock) String() string {
	return fmt.Sprintf("%02d:%02d", int(c)/minutesPerHour, int(c)%minutesPerHour)
}

// MarshalText is the time as clocks show it.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// weekdays are the names of days, as [time.Weekday] counts them.
func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// lookAhead is over how many days windows are put together that follow one another without
// a gap.
const lookAhead = 8

// Until reports whether the window is open, and if so, until when: past that time a drill
// must not be under way. The end is the zero time if it never closes. Of a window that
// follows another one without a gap, the end is that of both; one that is open all week
// ends eight days ahead.
func (w Window) Until(now time.Time) (end time.Time, open bool) {
	if w.IsZero() {
		return time.Time{}, true
	}
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return time.Time{}, false // Read has refused it
	}
	y, m, d := now.In(zone).Date()
	for day := -1; day <= lookAhead; day++ { // that of yesterday may go on
		from, to, ok := w.on(y, m, d+day, zone)
		switch {
		case !ok || !from.Before(to):
		case !open && !now.Before(from) && now.Before(to), open && !from.After(end) && to.After(end):
			end, open = to, true
		}
	}
	return end, open
}

// on is the window that begins on a day.
func (w Window) on(y int, m time.Month, d int, zone *time.Location) (from, to time.Time, ok bool) {
	noon := time.Date(y, m, d, 12, 0, 0, 0, time.UTC) //nolint:mnd // far from either end of the day
	if !slices.Contains(w.Days, weekdays()[noon.Weekday()]) {
		return from, to, false
	}
	last := d
	if w.To <= w.From {
		last++
	}
	_, from = moments(y, m, d, w.From, zone)
	to, _ = moments(y, m, last, w.To, zone)
	return from, to, true
}

// moments are the first and the last moment that a clock may mean by a time. They differ
// when clocks are put back, and the time comes twice; and when they are put forward, and it
// does not come at all.
func moments(y int, m time.Month, d int, c Clock, zone *time.Location) (first, last time.Time) {
	wall := time.Date(y, m, d, 0, int(c), 0, 0, time.UTC)
	var meant []time.Time
	near := make([]time.Time, 0, 2)                                           //nolint:mnd // one for each day beside it
	for _, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} { //nolint:mnd // the days beside it
		_, offset := wall.Add(around).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		near = append(near, t)
		if _, really := t.In(zone).Zone(); really == offset {
			meant = append(meant, t)
		}
	}
	if len(meant) == 0 {
		meant = near
	}
	return slices.MinFunc(meant, time.Time.Compare), slices.MaxFunc(meant, time.Time.Compare)
}
