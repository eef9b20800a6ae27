package drill

import (
	"fmt"
	"math"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// askers are the sessions that the harness has with a member besides those of
// the probe: the observer's, and the one that reads back.
const askers = 2

// Check reports what is wrong with the settings, for drills of these members of
// a product. What the probe may have open with one member must be what a member
// takes: one that has to turn clients away makes an outage that is the probe's.
func (p Probe) Check(members []string, product driver.Product) error {
	streams := p.Streams(members, product.Registers)
	for _, s := range streams {
		if err := probe.Check(s); err != nil {
			return err
		}
	}
	sum, parts := onOne(streams)
	if product.Sessions == 0 || sum <= product.Sessions {
		return nil
	}
	return fmt.Errorf("the probe may need %d sessions with one member (%s), and a member of %s takes %d: %s",
		sum, parts, product.Title, product.Sessions, p.lower(members, product))
}

// onOne is how many sessions the streams may need with one member, and for what:
// those of the clients may all be with it, and those that are pinned to it are.
func onOne(streams []record.Stream) (sum int, parts string) {
	var pinned record.Stream
	var all []record.Stream
	for _, s := range streams {
		switch {
		case s.Member == "":
			all = append(all, s)
		case s.Sessions > pinned.Sessions:
			pinned = s
		}
	}
	all = append(all, pinned)
	said := make([]string, 0, len(all)+1)
	for _, s := range all {
		sum += s.Sessions
		said = append(said, fmt.Sprintf("%s: %d", s.Name, s.Sessions))
	}
	return sum + askers, strings.Join(append(said, fmt.Sprintf("the harness: %d", askers)), ", ")
}

// lower says which settings would do if only one of them was changed.
func (p Probe) lower(members []string, product driver.Product) string {
	fits := func(q Probe) bool {
		sum, _ := onOne(q.Streams(members, product.Registers))
		return sum <= product.Sessions
	}
	var ways []string
	for q := p.withDefaults(); q.Writes >= 1; q.Writes = math.Ceil(q.Writes) - 1 {
		if fits(q) {
			ways = append(ways, fmt.Sprintf("--rate to %g", q.Writes))
			break
		}
	}
	const step = 10 * time.Millisecond
	for q := p.withDefaults(); q.Reply > 0; q.Reply = (q.Reply - 1).Truncate(step) {
		if fits(q) {
			ways = append(ways, fmt.Sprintf("--reply to %s", q.Reply))
			break
		}
	}
	if len(ways) == 0 {
		return "lower --rate and --reply"
	}
	return "lower " + strings.Join(ways, " or ")
}
