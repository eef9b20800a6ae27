package words

import (
	"fmt"
	"strconv"
	"time"

	"drillbook/harness/measure"
)

// rounding is which way a figure is rounded, so that a bracket never claims
// to be narrower than it is.
type rounding int

const (
	nearest rounding = iota
	down
	up
)

// Duration writes a time for people: 412 ms, 1.53 s, 2 min 3 s.
func (w Words) Duration(d time.Duration) string { return w.duration(d, nearest) }

// Bound writes a time that something is at most.
func (w Words) Bound(d time.Duration) string { return w.duration(d, up) }

// scale is the smallest step in which times of some length are given.
func scale(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return 10 * time.Microsecond
	case d < 10*time.Millisecond:
		return 100 * time.Microsecond
	case d < time.Second:
		return time.Millisecond
	case d < 10*time.Second:
		return 10 * time.Millisecond
	case d < time.Minute:
		return 100 * time.Millisecond
	case d < time.Hour:
		return time.Second
	default:
		return time.Minute
	}
}

func round(d, step time.Duration, way rounding) time.Duration {
	switch floor := d.Truncate(step); {
	case way == nearest:
		return d.Round(step)
	case way == up && floor < d:
		return floor + step
	default:
		return floor
	}
}

func (w Words) duration(d time.Duration, way rounding) string {
	if d < 0 {
		return "−" + w.duration(-d, way)
	}
	d = round(d, scale(d), way)
	switch {
	case d == 0:
		return w.Say("unit.ms", "n", "0")
	case d < time.Second:
		return w.Say("unit.ms", "n", in(d, time.Millisecond))
	case d < time.Minute:
		return w.Say("unit.s", "n", in(d, time.Second))
	case d < time.Hour:
		return w.pair("unit.min", d/time.Minute, "unit.s", d%time.Minute/time.Second)
	default:
		return w.pair("unit.h", d/time.Hour, "unit.min", d%time.Hour/time.Minute)
	}
}

// pair writes minutes and seconds or hours and minutes, and leaves out a second part
// of zero.
func (w Words) pair(large string, n time.Duration, small string, rest time.Duration) string {
	s := w.Say(large, "n", strconv.FormatInt(int64(n), 10))
	if rest == 0 {
		return s
	}
	return s + " " + w.Say(small, "n", strconv.FormatInt(int64(rest), 10))
}

// in writes a time as a decimal number of units, as short as it is exact.
func in(d, unit time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64)
}

// Bracket writes a bracket for people: "412–436 ms", "at most 24 ms", and for an
// outage that was open at the end "at least 1.2 s, still open". What is least
// is rounded down and what is most is rounded up.
func (w Words) Bracket(b measure.Bracket, open bool) string {
	if open && round(b.Least, scale(b.Least), down) <= 0 {
		return w.Say("bracket.begun")
	}
	if open {
		return w.Say("bracket.open", "least", w.duration(b.Least, down))
	}
	step := scale(b.Most)
	low, high := round(b.Least, step, down), round(b.Most, step, up)
	switch {
	case round(b.Least, scale(b.Least), down) <= 0:
		return w.Say("bracket.most", "most", w.duration(b.Most, up))
	case low == high:
		return w.duration(high, nearest)
	case high < time.Second && low > 0:
		return w.Say("unit.ms", "n", in(low, time.Millisecond)+"–"+in(high, time.Millisecond))
	case high < time.Minute && low >= time.Second/10:
		return w.Say("unit.s", "n", in(low, time.Second)+"–"+in(high, time.Second))
	default:
		return w.duration(b.Least, down) + " – " + w.duration(b.Most, up)
	}
}

// Moment writes an offset from the start of a drill: 0:12.345, 1:02:03.456.
func Moment(d time.Duration) string {
	ms := d.Round(time.Millisecond).Milliseconds()
	sign := ""
	if ms < 0 {
		sign, ms = "−", -ms
	}
	h, m, s := ms/3_600_000, ms/60_000%60, ms/1000%60
	if h > 0 {
		return fmt.Sprintf("%s%d:%02d:%02d.%03d", sign, h, m, s, ms%1000)
	}
	return fmt.Sprintf("%s%d:%02d.%03d", sign, m, s, ms%1000)
}

// Size writes a number of bytes: 812 B, 1.5 KiB, 12 MiB.
func Size(bytes int64) string {
	const step = 1024
	n, units := float64(bytes), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; n >= step && i < len(units)-1; i++ {
		n /= step
	}
	digits := 3
	if n >= 999.5 {
		digits = 4
	}
	return strconv.FormatFloat(n, 'g', digits, 64) + " " + units[i]
}
