package host

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"time"
)

// Site identifies where a host has its nodes, an engine or this machine, so that
// what a run left behind can be found again.
type Site struct {
	ID    string // never that of another site; "" if it has none
	Reach string // how the command is told to go there: "DOCKER_HOST=tcp://10.0.0.5:2375"
}

// SiteReporter is a host that reports its site.
type SiteReporter interface {
	Site() Site
}

// CleanedUp is the result of removing what dead runs have left at a site.
type CleanedUp struct {
	Site    Site
	Removed []string // runs of which nothing is left any more
	Left    []Leftover
}

// HasLeft reports whether something of a run is left.
func (h CleanedUp) HasLeft(run string) bool {
	return slices.ContainsFunc(h.Left, func(l Leftover) bool { return l.Run == run })
}

// Owner is who runs this, "user@machine", as far as that can be told.
func Owner() string {
	name, machine := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if at, err := os.Hostname(); err == nil {
		machine = at
	}
	return name + "@" + machine
}

// Leftover is a run of which something was not removed.
type Leftover struct {
	Run     string
	Owner   string // "user@machine"
	Began   time.Time
	Objects int // containers, networks and volumes
	Why     string
	Failed  bool // removing it was tried, and can be again
}

func (l Leftover) String() string {
	age := "at an unknown time"
	if !l.Began.IsZero() {
		age = time.Since(l.Began).Round(time.Second).String() + " ago"
	}
	owner := l.Owner
	if owner == "" {
		owner = "somebody"
	}
	return fmt.Sprintf("%d containers, networks and volumes, made %s by %s: %s", l.Objects, age, owner, l.Why)
}
