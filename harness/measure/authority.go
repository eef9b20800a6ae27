package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// The copy of the only primary decides what is lost. A member says that it is the
// primary as its copy is read; one that could not be read says nothing then, and if
// it is the true one, the other is a liar by whose copy nothing may be counted.

const primaryRole = "primary" // as drivers say it

// authority is the copy of the only primary; nil if there is not exactly one, or if
// a member that could not be read may be primary as well.
func (v *view) authority(copies []holding, lanes []Lane) *holding {
	found := surviving(copies)
	if found == nil {
		return nil
	}
	of := func(member string) Lane {
		return lanes[slices.IndexFunc(lanes, func(l Lane) bool { return l.Member == member })]
	}
	for _, m := range v.rec.Head.Members {
		read := slices.ContainsFunc(copies, func(c holding) bool { return c.Member == m })
		if !read && v.mayLead(of(m), of(found.Member)) {
			return nil
		}
	}
	return found
}

// surviving is the copy of the only primary; nil if there is not exactly one.
func surviving(copies []holding) *holding {
	var found *holding
	for i := range copies {
		c := &copies[i]
		if c.Role != primaryRole {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// mayLead reports whether a member may be primary although the authority says that
// it is. What the member was last heard to say decides. If it is silent since, it
// may still be what showed last that it is: that it said so, acknowledged a write or
// was ordered to be; unless the authority showed after that that it became primary.
func (v *view) mayLead(member, authority Lane) bool {
	if n := len(member.Roles); n > 0 && member.Roles[n-1].Role != "" {
		return member.Roles[n-1].Role == primaryRole
	}
	led, _ := v.acknowledged(member.Member)
	led = max(led, v.lastChosen(member.Member, v.end))
	var denied time.Duration
	for _, s := range member.Roles {
		switch s.Role {
		case primaryRole:
			led = max(led, s.Said)
		case "":
		default:
			denied = s.Said
		}
	}
	_, since := v.acknowledged(authority.Member)
	since = max(since, v.lastChosen(authority.Member, v.end))
	for _, s := range authority.Roles {
		if s.Role == primaryRole {
			since = max(since, s.From)
		}
	}
	return led > max(denied, since)
}

// acknowledged is until when a member acknowledged writes, and when it was asked for the
// last of them.
func (v *view) acknowledged(member string) (until, asked time.Duration) {
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		s := v.rec.Head.Streams[a.Stream]
		if s.Kind != record.Write || a.Outcome != record.Acked || v.member(a.Member) != member {
			continue
		}
		until, asked = max(until, a.Done), max(asked, a.Asked())
	}
	return until, asked
}
