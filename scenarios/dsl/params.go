package dsl

import (
	"errors"
	"time"

	"drillbook/harness/phrase"
)

// Durations checks, before anything is started, that parameters are durations
// that a step may take.
func Durations(params map[string]string, names ...string) error {
	return DurationsUpTo(LongestWait, params, names...)
}

// DurationsUpTo does the same with another limit.
func DurationsUpTo(longest time.Duration, params map[string]string, names ...string) error {
	var errs []error
	for _, name := range names {
		switch v, err := time.ParseDuration(params[name]); {
		case err != nil || v < 0:
			errs = append(errs, phrase.Errorf("%s=%s is no duration such as 500ms", name, params[name]))
		case v > longest:
			errs = append(errs, phrase.Errorf("%s=%s is longer than a step may wait for it: at most %s",
				name, params[name], longest))
		}
	}
	return errors.Join(errs...)
}
