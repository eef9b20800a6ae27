package drivertest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"drillbook/harness/driver"
)

// CheckAlerts checks that a driver finds the same alerts in a log as among those of its lines
// that are looked for, the oldest first.
func CheckAlerts(r driver.AlertReader, log string, now time.Time) error {
	looked, err := regexp.Compile("(?i)" + r.AlertLines())
	if err != nil {
		return fmt.Errorf("AlertLines: %w", err)
	}
	var picked strings.Builder
	for line := range strings.Lines(log) {
		if looked.MatchString(strings.TrimRight(line, "\n")) {
			picked.WriteString(line)
		}
	}
	all := r.Alerts(log, now)
	if some := r.Alerts(picked.String(), now); !slices.Equal(all, some) {
		return fmt.Errorf("alerts of all lines = %+v, of those looked for %+v", all, some)
	}
	if !slices.IsSortedFunc(all, func(a, b driver.Alert) int { return int(b.Age - a.Age) }) {
		return fmt.Errorf("alerts = %+v, want the oldest first", all)
	}
	return nil
}
