package driver

import "slices"

// MaxMembers is how many members a cluster may have.
const MaxMembers = 9

// Kind is what a member is there for while another one is the primary. The zero Kind
// says nothing: it is a standby as the product's settings have it.
type Kind string

// The kinds of member.
const (
	Synchronous  Kind = "synchronous"  // commits may wait for it
	Asynchronous Kind = "asynchronous" // no commit waits for it: it may be behind
	// DisasterRecovery is asynchronous, far away, and made primary by people only.
	DisasterRecovery Kind = "disaster-recovery"
	// Witness votes on who is primary, and holds no data that clients read: it is
	// never primary, no client dials it, and it is not read back. Its sessions say
	// that its role is [Voter], and need do nothing else.
	Witness Kind = "witness"
)

// Kinds are all that there are.
func Kinds() []Kind { return []Kind{Synchronous, Asynchronous, DisasterRecovery, Witness} }

// Holders are the members that hold data: all but witnesses.
func Holders(members []string, kinds map[string]Kind) []string {
	return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return kinds[m] == Witness })
}
