package cover

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// The forms of dates and times.
const (
	day    = "2006-01-02"
	minute = "2006-01-02 15:04"
)

// check finds what is wrong with a cover whatever the drill is.
func (c *Cover) check() error {
	if s := c.Objectives.RTO; s != "" {
		rto, err := time.ParseDuration(s)
		if err != nil || rto <= 0 {
			return phrase.Errorf("objectives: rto %q is no positive duration such as 30s or 5m", text.Name(s))
		}
		c.rto = rto
	}
	if n := c.Objectives.RPO; n != nil && *n < 0 {
		return phrase.Errorf("objectives: rpo %d is negative: it is how many acknowledged writes may be lost", *n)
	}
	from, to, err := c.Window.times(time.UTC)
	if err != nil {
		return err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return phrase.Errorf("window: it ends (%s) before it begins (%s)", c.Window.To, c.Window.From)
	}
	for i, p := range c.Problems {
		if _, err := time.Parse(day, cmp.Or(p.Due, day)); err != nil {
			return phrase.Errorf("problems: due %q of number %d is no date such as %s", text.Name(p.Due), i+1, day)
		}
		if strings.TrimSpace(p.Text) == "" {
			return phrase.Errorf("problems: number %d has no text", i+1)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(c.Members)) {
		if strings.TrimSpace(c.Members[m]) == "" {
			return phrase.Errorf("members: %s has no display name", text.Name(m))
		}
	}
	return nil
}

// times are the first moment of the window and the first after it; zero where it says
// nothing. A day that it ends on belongs to it, and so does a minute.
func (w Window) times(zone *time.Location) (from, to time.Time, err error) {
	for _, end := range []struct {
		key, said string
		at        *time.Time
		add       time.Duration
	}{{"from", w.From, &from, 0}, {"to", w.To, &to, 24 * time.Hour}} {
		if end.said == "" {
			continue
		}
		at, err := time.ParseInLocation(minute, end.said, zone)
		if err != nil {
			if at, err = time.ParseInLocation(day, end.said, zone); err != nil {
				return from, to, phrase.Errorf("window: %s %q is no time such as %s", end.key, text.Name(end.said),
					minute)
			}
			at = at.Add(end.add)
		} else if end.add > 0 {
			at = at.Add(time.Minute)
		}
		*end.at = at
	}
	return from, to, nil
}

// Fits says in what a cover contradicts what was drilled and when: one error for each.
// A nil cover fits everything.
func (c *Cover) Fits(drills ...*record.Record) []error {
	if c == nil || len(drills) == 0 {
		return nil
	}
	var wrong []error
	var members []string
	for _, d := range drills {
		members = append(members, d.Head.Members...)
		wrong = append(wrong, c.fits(d)...)
	}
	slices.Sort(members)
	members = slices.Compact(members)
	for _, m := range slices.Sorted(maps.Keys(c.Members)) {
		if !slices.Contains(members, m) {
			wrong = append(wrong, phrase.Errorf("members: there is no %s; there are %s", text.Name(m),
				strings.Join(members, ", ")))
		}
	}
	return wrong
}

func (c *Cover) fits(d *record.Record) []error {
	h := d.Head
	if h.Began.IsZero() {
		return nil // nothing is known of it
	}
	wrong := c.Promised(h.Runbook, h.Promise)
	from, to, err := c.Window.times(h.Began.Location())
	if err != nil {
		wrong = append(wrong, err)
	}
	if !from.IsZero() && h.Began.Before(from) || !to.IsZero() && !h.Began.Before(to) {
		wrong = append(wrong, phrase.Errorf("window: %s to %s; the record of %s says that its drill began %s",
			cmp.Or(c.Window.From, "…"), cmp.Or(c.Window.To, "…"), text.Name(h.Runbook), h.Began.Format(minute)))
	}
	return wrong
}

// Promised says in what the objectives are looser than what a runbook promises.
func (c *Cover) Promised(runbook string, p record.Promise) []error {
	if c == nil {
		return nil
	}
	var wrong []error
	if c.rto > p.RTO && !p.NoRTO {
		wrong = append(wrong, phrase.Errorf("objectives: rto %s is looser than the %s that %s promises", c.rto, p.RTO,
			text.Name(runbook)))
	}
	if n := c.Objectives.RPO; n != nil && *n > p.RPO && !p.NoRPO {
		wrong = append(wrong, phrase.Errorf("objectives: rpo %d is looser than the %d that %s promises", *n, p.RPO,
			text.Name(runbook)))
	}
	return wrong
}
