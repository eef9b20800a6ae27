package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// The copy of the only primary decides which writes are lost. A member states its role
// while its copy is read. A member that could not be read states nothing; if it may be
// the true primary, the copy of another member proves nothing.

const primaryRole = "primary" // as drivers say it

// authority returns the copy of the only primary. It is nil if there is not
// exactly one, or if a member that could not be read may be primary as well.
func (v *view) authority(copies []holding, lanes []Lane) *holding {
	found := copyOfOnlyPrimary(copies)
	if found == nil {
		return nil
	}
	of := func(member string) Lane {
		return lanes[slices.IndexFunc(lanes, func(l Lane) bool { return l.Member == member })]
	}
	for _, m := range v.holders() {
		read := slices.ContainsFunc(copies, func(c holding) bool { return c.Member == m })
		if !read && v.mayBePrimary(of(m), of(found.Member)) {
			return nil
		}
	}
	return found
}

// copyOfOnlyPrimary is nil if there is not exactly one.
func copyOfOnlyPrimary(copies []holding) *holding {
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

// mayBePrimary reports whether a member that could not be read may be primary
// besides the authority. The role that it last stated decides. If it has not
// answered since, the last sign counts: it stated the role, acknowledged a write
// or was chosen, unless the authority became primary after that.
func (v *view) mayBePrimary(member, authority Lane) bool {
	if n := len(member.Roles); n > 0 && member.Roles[n-1].Role != "" {
		return member.Roles[n-1].Role == primaryRole
	}
	led, _ := v.lastAcks(member.Member)
	led = max(led, v.lastDecision(member.Member, v.end))
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
	_, since := v.lastAcks(authority.Member)
	since = max(since, v.lastDecision(authority.Member, v.end))
	for _, s := range authority.Roles {
		if s.Role == primaryRole {
			since = max(since, s.From)
		}
	}
	return led > max(denied, since)
}

// lastAcks is when a member last acknowledged a write, and when the last write
// that it acknowledged was asked.
func (v *view) lastAcks(member string) (until, asked time.Duration) {
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
