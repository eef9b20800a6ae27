// Package preflight looks at a cluster before a drill begins: whether both
// networks are up, the ports that are needed can be reached and nothing else
// listens, clients go through the service's entry, the hosts' clocks agree, there
// is room on the disks, what drivers have set is in force, and all members run the
// same versions.
//
// A drill of a cluster that is built wrong measures the mistake. What is looked
// at is asked of the hosts in one command each, so it takes a fraction of a
// second. What a place cannot tell is said to be unchecked, never to be right.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// The bounds.
const (
	// ClockBound is how far the clocks of two hosts may be apart: logs and
	// recovery to a point in time are read by them.
	ClockBound = time.Second
	// FullFrom is the share of a disk, in percent, from which it is full.
	FullFrom = 90
	// LeastFree is how many bytes must be free on a disk all the same.
	LeastFree = 32 << 20
	// entryWithin is for how long clients' logins may fail: a machine on which a
	// cluster has only just started may be too busy for the first.
	entryWithin = 5 * time.Second
)

// Config is what to look at. Driver, Host, Members, Seats and Clients must be set.
type Config struct {
	Driver      driver.Driver
	Host        host.Host
	Members     []driver.Member // the first is the primary
	Seats       []driver.Seat   // of the members
	Auxiliaries []driver.Member
	// Clients is how the clients' own writes look for whom to talk to.
	Clients driver.Target
	// Stays says that the cluster is somebody's own: how its networks are laid out is theirs,
	// and so is what else listens on its hosts, unless Listens says what may.
	Stays   bool
	Listens []int // ports; nil: nobody has said
}

// Finding is what one check has found.
type Finding struct {
	Member string // or auxiliary node; "": all of them
	What   phrase.Phrase
	Found  phrase.Phrase
	Err    error // what is wrong, and what to do about it
	// Unchecked is why it could not be looked at, if it could not.
	Unchecked error
}

// Check looks at everything and returns what it found, always in the same order.
func Check(ctx context.Context, cfg Config) []Finding {
	nodes := slices.Concat(cfg.Members, cfg.Auxiliaries)
	c := &checker{Config: cfg, nodes: nodes, surveys: make([]survey, len(nodes)), asked: make([]error, len(nodes))}
	settings := make([]Finding, len(cfg.Members))
	var asking sync.WaitGroup
	for i, m := range cfg.Members {
		asking.Go(func() { c.surveys[i], c.asked[i] = c.surveyHost(ctx, m) })
		asking.Go(func() { settings[i] = c.settings(ctx, m, cfg.Seats[i]) })
	}
	for i, x := range cfg.Auxiliaries {
		n := len(cfg.Members) + i
		asking.Go(func() { c.surveys[n], c.asked[n] = surveyOf(ctx, x, "", c.neededByAuxiliary()) })
	}
	var versions, entry Finding
	asking.Go(func() { versions = c.versions(ctx) })
	asking.Go(func() { entry = c.clientEntry(ctx) })
	asking.Wait()
	var all []Finding
	for i, m := range cfg.Members {
		all = append(all,
			c.checkHost(m, phrase.Say("networks"), i, func(s survey) (phrase.Phrase, error) {
				return c.networks(ctx,
					m, s)
			}),
			c.checkHost(m, phrase.Say("paths"), i, func(s survey) (phrase.Phrase, error) { return c.paths(ctx, m, s) }),
			c.checkHost(m, phrase.Say("ports that listen"), i, func(s survey) (phrase.Phrase, error) {
				return c.ports(m, cfg.Seats[i], s)
			}),
			c.checkHost(m, phrase.Say("disk"), i, func(s survey) (phrase.Phrase, error) { return c.disk(m, s) }),
			settings[i],
		)
	}
	for i, x := range cfg.Auxiliaries {
		n := len(cfg.Members) + i
		all = append(all,
			c.checkHost(x, phrase.Say("networks"), n, func(s survey) (phrase.Phrase, error) {
				return c.networks(ctx,
					x, s)
			}),
			c.checkHost(x, phrase.Say("paths"), n, func(s survey) (phrase.Phrase, error) {
				return reaches(x,
					c.neededByAuxiliary(), s)
			}),
		)
	}
	if imposed := cfg.Driver.Product().Imposed; len(imposed) > 0 {
		all = append(all, Finding{What: phrase.Say("a person's own settings"), Found: phrase.Join(imposed, "\n")})
	}
	return append(all, entry, c.clocks(), versions)
}

type checker struct {
	Config

	nodes   []driver.Member // members and auxiliary nodes
	surveys []survey        // by node
	asked   []error         // why there is none
}

// checkHost checks what the survey of a member's host has found.
func (c *checker) checkHost(
	m driver.Member, what phrase.Phrase, i int, look func(survey) (phrase.Phrase, error),
) Finding {
	f := Finding{Member: m.Name, What: what}
	err := c.asked[i]
	if err == nil {
		f.Found, err = look(c.surveys[i])
	}
	return f.with(err)
}

// with adds what is wrong, or why it cannot be known.
func (f Finding) with(err error) Finding {
	if errors.Is(err, host.ErrUnsupported) || errors.Is(err, errors.ErrUnsupported) {
		f.Unchecked = err
	} else {
		f.Err = err
	}
	return f
}

// clientEntry checks that clients connect to the service and not to a single
// member.
func (c *checker) clientEntry(ctx context.Context) Finding {
	f := Finding{What: phrase.Say("clients' entry")}
	names := make([]string, 0, len(c.Clients.Members))
	for _, m := range c.Clients.Members {
		names = append(names, m.Name)
	}
	f.Found = phrase.Say("clients look for the one that takes writes among %v", names)
	if !c.Clients.Writable || slices.ContainsFunc(c.Members, func(m driver.Member) bool {
		return m.Kind != driver.Witness && !slices.Contains(names, m.Name)
	}) {
		return f.with(phrase.Errorf("clients go to %v and nowhere else: they would not follow a change of roles; "+
			"give them the service's entry", names))
	}
	var s driver.Session
	var failed error
	until := phrase.Say("the clients' entry to answer")
	err := wait.For(ctx, until, entryWithin, func(ctx context.Context) (err error) {
		if s, err = c.Driver.Open(ctx, c.Clients); err != nil {
			failed = err
		}
		return err
	})
	if err != nil {
		return f.with(phrase.Errorf("the clients' entry leads nowhere: %w", err))
	}
	if failed != nil {
		f.Found = phrase.Say("%s; the login before the one that succeeded failed: %v", f.Found, failed)
	}
	role, err := s.Role(ctx)
	err = errors.Join(err, s.Close())
	if err == nil && role != driver.Primary {
		err = phrase.Errorf("the clients' entry leads to a member that is %s: correct it", role)
	}
	return f.with(err)
}

// settings compares what the driver has written for a member with what is in
// force there.
func (c *checker) settings(ctx context.Context, m driver.Member, seat driver.Seat) Finding {
	f := Finding{Member: m.Name, What: phrase.Say("settings")}
	d, ok := c.Driver.(driver.SettingsReporter)
	if !ok {
		return f.with(phrase.Errorf("the product has no settings that it tells of: %w", errors.ErrUnsupported))
	}
	all, err := d.Settings(ctx, m, seat)
	if err != nil {
		return f.with(phrase.Errorf("read the settings of %s back: %w", m.Name, err))
	}
	if len(all) == 0 {
		return f.with(phrase.Errorf("the product tells of no setting: %w", errors.ErrUnsupported))
	}
	f.Found = phrase.Say("%d settings are in force as they were written", len(all))
	var wrong []error
	for _, s := range all {
		if s.Got != s.Want {
			wrong = append(wrong, phrase.Errorf("%s of %s was written as %q, and in force is %s: write a value "+
				"that the "+
				"server takes as it stands, where it is read last", s.Name, m.Name, s.Want, s.Got))
		}
	}
	if len(wrong) > 0 {
		f.Found = phrase.Say("%d of %d settings are not in force as they were written", len(wrong), len(all))
	}
	return f.with(errors.Join(wrong...))
}

// versions compares what the members run.
func (c *checker) versions(ctx context.Context) Finding {
	f := Finding{What: phrase.Say("versions")}
	v, ok := c.Driver.(driver.Versioner)
	if !ok {
		return f.with(phrase.Errorf("the product tells no versions: %w", errors.ErrUnsupported))
	}
	var first map[string]string
	var found []string
	for i, m := range c.Members {
		has, err := v.Versions(ctx, m)
		if err != nil {
			return f.with(err)
		}
		if i == 0 {
			first = has
		}
		for _, name := range slices.Sorted(maps.Keys(first)) {
			found = append(found, fmt.Sprintf("%s: %s %s", m.Name, name, has[name]))
			if has[name] != first[name] {
				return f.with(phrase.Errorf("%s of %s is %q, that of %s is %q: bring both to the same version",
					name, m.Name, has[name], c.Members[0].Name, first[name]))
			}
			if err := c.oldEnough(m, name, has[name]); err != nil {
				return f.with(err)
			}
		}
	}
	for _, x := range c.Auxiliaries { // of which nothing need be known
		if has, err := v.Versions(ctx, x); err == nil {
			for _, name := range slices.Sorted(maps.Keys(has)) {
				found = append(found, fmt.Sprintf("%s: %s %s", x.Name, name, has[name]))
			}
		}
	}
	f.Found = phrase.Quote(strings.Join(found, "; "))
	return f
}

// oldEnough reports a version that is older than the product can be driven in.
func (c *checker) oldEnough(m driver.Member, name, version string) error {
	oldest, ok := c.Driver.Product().Oldest[name]
	if !ok {
		return nil
	}
	digits := version[:len(version)-len(strings.TrimLeft(version, "0123456789"))] // of 13.23 and of 18beta1
	major, err := strconv.Atoi(digits)
	if err != nil {
		return phrase.Errorf("%s of %s is %q, in which no number of a version can be read", name, m.Name, version)
	}
	if major < oldest {
		return phrase.Errorf("%s of %s is %s, and %d is the oldest that can be drilled: upgrade it, or drill a "+
			"newer one",
			name, m.Name, version, oldest)
	}
	return nil
}

// clocks compares the hosts' clocks with each other and with the harness'.
func (c *checker) clocks() Finding {
	f := Finding{What: phrase.Say("clocks")}
	ours := offset{name: "the harness"}
	seen := []offset{ours}
	found := make([]phrase.Phrase, 0, len(c.nodes)+1)
	for i, m := range c.nodes {
		if c.asked[i] != nil {
			return f.with(c.asked[i])
		}
		o := c.surveys[i].clock
		o.name = m.Name
		found = append(found, phrase.Say("%s is off by %s to %s", m.Name, o.least.Round(time.Millisecond),
			o.most.Round(time.Millisecond)))
		seen = append(seen, o)
	}
	f.Found = phrase.Join(append(found, phrase.Say("the bound is %s", ClockBound)), "; ")
	for i, a := range seen {
		for _, b := range seen[i+1:] {
			if apart := max(a.least-b.most, b.least-a.most); apart > ClockBound {
				return f.with(phrase.Errorf("the clocks of %s and %s are at least %s apart: "+
					"set them by the same source of time", a.name, b.name, apart.Round(time.Millisecond)))
			}
		}
	}
	return f
}
