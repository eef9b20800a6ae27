package drill

import (
	"math"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// StopIf are conditions that end a drill or a watch before its time. The zero StopIf has none.
//
// There is none about lost writes: which member's copy decides is known only once the members
// have been read back, and by then the drill is over.
type StopIf struct {
	Outage   time.Duration // clients are not served for longer
	Split    bool          // two members take writes at the same time
	LagBytes uint64        // a standby is behind by more
	LagTime  time.Duration // a standby lacks what its primary had written longer ago
}

// IsZero reports whether there is no condition.
func (s StopIf) IsZero() bool { return s == StopIf{} }

// ParseStopIf reads conditions with commas between them: "outage>60s, split, lag>64MB, lag>30s".
func ParseStopIf(text string) (StopIf, error) {
	var s StopIf
	for one := range strings.SplitSeq(text, ",") {
		if err := add(&s, strings.ReplaceAll(one, " ", "")); err != nil {
			return StopIf{}, err
		}
	}
	return s, nil
}

// add adds one condition.
func add(s *StopIf, condition string) error {
	what, limit, limited := strings.Cut(condition, ">")
	lasts, size := parseTime(limit), parseSize(limit)
	switch {
	case what == "lost":
		return phrase.Errorf("lost: what is lost is known only once all members are read back at the end: say split, " +
			"or lag>64MB, which is what a takeover would lose")
	case condition == "split":
		s.Split = true
	case what == "outage" && lasts > 0:
		s.Outage = lasts
	case what == "lag" && lasts > 0:
		s.LagTime = lasts
	case what == "lag" && size > 0:
		s.LagBytes = size
	case limited && (what == "outage" || what == "lag"):
		return phrase.Errorf("%q is no limit of %s: say outage>60s, lag>30s or lag>64MB", limit, what)
	default:
		return phrase.Errorf("%q is no condition: say outage>60s, split, lag>30s or lag>64MB", condition)
	}
	return nil
}

// parseTime is 0 for what is none.
func parseTime(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return max(d, 0)
}

// parseSize is 0 for what is none. Units are of 1024 each.
func parseSize(text string) uint64 {
	for unit, factor := range map[string]uint64{"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40} {
		digits, ok := strings.CutSuffix(text, unit)
		if n, err := strconv.ParseUint(digits, 10, 64); ok && err == nil && n <= math.MaxInt64/factor {
			return n * factor
		}
	}
	return 0
}

// Check reports which condition nobody could tell of these members with this probe.
func (s StopIf) Check(drv driver.Driver, p Probe, members int) error {
	_, tells := drv.(driver.LagReporter)
	about := drv.Product()
	lag := s.LagBytes > 0 || s.LagTime > 0
	switch {
	case (s.Split || lag) && members < 2:
		return phrase.Errorf("split, lag: one server alone shows neither: name all")
	case s.Split && p.ReadOnly:
		return phrase.Errorf("split: nothing is written, so nobody can tell who takes writes")
	case lag && !tells:
		return phrase.Errorf("lag: %s does not tell how far a standby is behind", about.Title)
	case s.LagBytes > 0 && !about.LagInBytes:
		return phrase.Errorf("lag: %s does not count it in bytes: say a time, lag>30s", about.Title)
	}
	return nil
}
