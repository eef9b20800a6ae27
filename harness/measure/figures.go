package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// Figure is something that a step of the runbook measured of the cluster.
type Figure struct {
	Step   int
	At     time.Duration
	Member string // "" if it is of none
	Name   string
	Value  float64
	Unit   string // "" for a mere number
}

// Lag is how far a member was behind while that was watched.
type Lag struct {
	Member   string
	Samples  int
	From, To time.Duration // of the first and the last sample
	// Median and Most are in bytes; MostAt is when Most was first reached.
	Median, Most int64
	MostAt       time.Duration
}

func (v *view) figures() []Figure {
	var all []Figure
	for _, e := range v.rec.Events {
		if e.Kind == record.Figure {
			all = append(all, Figure{e.Step, e.At, e.Member, e.What, e.Value, e.Unit})
		}
	}
	return all
}

// lags are those of the members that were watched, in the members' order.
func (v *view) lags() []Lag {
	var all []Lag
	for _, m := range v.rec.Head.Members {
		l := Lag{Member: m}
		var samples []int64
		for _, e := range v.rec.Events {
			if e.Kind != record.Lag || e.Member != m {
				continue
			}
			if len(samples) == 0 {
				l.From = e.At
			}
			if e.Bytes > l.Most || len(samples) == 0 {
				l.Most, l.MostAt = e.Bytes, e.At
			}
			l.To = e.At
			samples = append(samples, e.Bytes)
		}
		if l.Samples = len(samples); l.Samples > 0 {
			slices.Sort(samples)
			l.Median = Percentile(samples, 50)
			all = append(all, l)
		}
	}
	return all
}
