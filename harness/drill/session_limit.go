package drill

import (
	"fmt"
	"math"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// harnessSessions is the number of sessions of the harness with a member besides
// those of the probe: the observer's, and the one that reads back.
const harnessSessions = 2

// Check reports what is wrong with the settings for drills of a product of which
// these members hold data. The sessions that the probe may open with one member must not exceed
// what a member takes: otherwise the member refuses clients, and the probe causes
// an outage.
func (p Probe) Check(members []string, product driver.Description) error {
	streams := p.Streams(members, product.Registers)
	for _, s := range streams {
		err := probe.Check(s)
		if err != nil && s.Connect > probe.MaxDeadline && s.Member == "" {
			err = phrase.Errorf("%w; of --connect there is one for each of the %d members that may have to be "+
				"tried", err,
				len(members))
		}
		if err != nil {
			return err
		}
	}
	sum, parts := sessionsPerMember(streams)
	if product.Sessions == 0 || sum <= product.Sessions {
		return nil
	}
	return phrase.Errorf("the probe may need %d sessions with one member (%s), and a member of %s takes %d: %s",
		sum, parts, product.Title, product.Sessions, p.suggestLower(members, product))
}

// Sessions is how many sessions the drill has with one member at most, whatever hangs there.
func (p Probe) Sessions(members []string, product driver.Description) int {
	sum, _ := sessionsPerMember(p.Streams(members, product.Registers))
	return sum
}

// sessionsPerMember is how many sessions the streams may need with one member,
// and for what. All clients may be connected to it, and so is the stream that is
// pinned to it.
func sessionsPerMember(streams []record.Stream) (sum int, parts string) {
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
	return sum + harnessSessions, strings.Join(append(said, fmt.Sprintf("the harness: %d", harnessSessions)), ", ")
}

// suggestLower says which lower settings would fit, if only one of them were
// changed.
func (p Probe) suggestLower(members []string, product driver.Description) string {
	fits := func(q Probe) bool {
		sum, _ := sessionsPerMember(q.Streams(members, product.Registers))
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
