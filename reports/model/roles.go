package model

import (
	"cmp"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/text"
)

// memberRoles are what a member said to be before the first step and after the last.
type memberRoles struct{ member, before, after string }

// roles are those of all members, as they were observed; none if no step has ended.
func (d drafter) roles() []memberRoles {
	var first, last time.Duration
	for _, s := range d.res.Steps {
		if s.Outcome == measure.Skipped {
			continue
		}
		if first == 0 || s.From < first {
			first = s.From
		}
		last = max(last, s.From+s.Took)
	}
	if last == 0 {
		return nil
	}
	all := make([]memberRoles, 0, len(d.res.Lanes))
	for _, l := range d.res.Lanes {
		all = append(all, memberRoles{l.Member, d.roleAt(l, first), d.roleAt(l, last)})
	}
	return all
}

// roleAt is the role that a member stated last before a time.
func (d drafter) roleAt(l measure.Lane, at time.Duration) string {
	role, seen := "", false
	for _, r := range l.Roles {
		if r.From <= at {
			role, seen = r.Role, true
		}
	}
	switch key := "role." + cmp.Or(role, "none"); {
	case !seen:
		return d.Say("unknown")
	case d.Has(key):
		return d.Say(key)
	}
	return text.Name(role)
}
