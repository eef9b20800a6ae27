package measure_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/perf/benchmath"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// drilled is a trial whose longest outage lasted between two times.
func drilled(v measure.Verdict, least, most time.Duration) measure.Result {
	r := measure.Range{Bracket: measure.Bracket{Least: least, Most: most}}
	return measure.Result{Verdict: v, Downtime: measure.Downtime{Count: 1, Longest: r}}
}

func TestVerdictOverTrials(t *testing.T) {
	const met, missed, unmeasurable = measure.Met, measure.Missed, measure.Unmeasurable
	for _, tt := range []struct {
		name   string
		trials []measure.Verdict
		want   measure.Verdict
	}{
		{"none", nil, unmeasurable},
		{"all met", []measure.Verdict{met, met}, met},
		{"one missed", []measure.Verdict{met, unmeasurable, missed, met}, missed},
		{"one unmeasurable", []measure.Verdict{met, unmeasurable, met}, unmeasurable},
	} {
		drills := make([]measure.Result, 0, len(tt.trials))
		for _, v := range tt.trials {
			drills = append(drills, drilled(v, ms, ms))
		}
		if got := measure.OfTrials(drills); got.Verdict != tt.want || got.Count != len(drills) {
			t.Errorf("%s: %s of %d, want %s of %d", tt.name, got.Verdict, got.Count, tt.want, len(drills))
		}
	}
}

func TestDowntimeOverTrials(t *testing.T) {
	drills := make([]measure.Result, 0, 11)
	for n := range 10 { // at least 10, 20, …, at most 15, 25, …
		drills = append(drills, drilled(measure.Met, time.Duration(10*n+10)*ms, time.Duration(10*n+15)*ms))
	}
	slices.Reverse(drills)
	unfit := drilled(measure.Unmeasurable, time.Hour, time.Hour)
	unfit.Unfit = true
	got := measure.OfTrials(append(slices.Clone(drills), unfit))
	if got.Measured != 10 || got.Open != 0 {
		t.Errorf("%d measured, %d open, want 10 and none", got.Measured, got.Open)
	}
	for _, tt := range []struct {
		name        string
		got         measure.Range
		least, most int
	}{
		{"p50", got.P50, 50, 55},
		{"p95", got.P95, 100, 105},
		{"max", got.Max, 100, 105},
		{"median", got.Median.Range, 20, 95}, // from the second smallest to the second largest
	} {
		want := measure.Bracket{Least: time.Duration(tt.least) * ms, Most: time.Duration(tt.most) * ms}
		if tt.got.Bracket != want || tt.got.Open {
			t.Errorf("%s = %+v, want %+v", tt.name, tt.got, want)
		}
	}
	near(t, "coverage", got.Median.Coverage, 0.9785)

	drills[0].Downtime.Open, drills[0].Verdict = true, measure.Unmeasurable
	got = measure.OfTrials(drills)
	if got.Open != 1 || !got.Max.Open || got.Max.Most != 0 || got.Max.Least != 100*ms || got.P50.Open {
		t.Errorf("with an open outage max = %+v, p50 = %+v", got.Max, got.P50)
	}
}

func TestIntervalNeedsSixTrials(t *testing.T) {
	drills := make([]measure.Result, 0, 40)
	for n := range 40 {
		got := measure.OfTrials(drills).Median
		if n < 6 && (got != measure.Interval{}) || n >= 6 && got.Coverage < measure.Confidence {
			t.Errorf("%d trials: %+v", n, got)
		}
		if n == 6 {
			near(t, "coverage of six", got.Coverage, 0.96875)
		}
		drills = append(drills, drilled(measure.Met, ms, ms))
	}
}

// A second opinion: the interval is benchmath's, or reaches one trial further where
// that is longer at one end than at the other.
func TestIntervalAgainstBenchmath(t *testing.T) {
	for n := 6; n <= 30; n++ { // beyond, benchmath approximates
		drills := make([]measure.Result, 0, n)
		ranks := make([]float64, 0, n)
		for i := range n {
			drills = append(drills, drilled(measure.Met, time.Duration(i+1), time.Duration(i+1)))
			ranks = append(ranks, float64(i+1))
		}
		got := measure.OfTrials(drills).Median
		want := benchmath.AssumeNothing.Summary(
			benchmath.NewSample(ranks, &benchmath.DefaultThresholds), measure.Confidence)
		least, most := float64(got.Least), float64(got.Most)
		switch further := (want.Lo - least) + (most - want.Hi); {
		case least+most != float64(n+1):
			t.Errorf("%d trials: %v to %v is not symmetric", n, least, most)
		case least > want.Lo || most < want.Hi || further > 1:
			t.Errorf("%d trials: %v to %v, want %v to %v or one more", n, least, most, want.Lo, want.Hi)
		case further == 0:
			near(t, "coverage", got.Coverage, want.Confidence)
		case got.Coverage <= want.Confidence:
			t.Errorf("%d trials: coverage %v, want more than %v", n, got.Coverage, want.Confidence)
		}
	}
}

// The interval must hold the true median as often as it says.
func TestIntervalHoldsTheMedian(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	times, off := 4000, 0.015
	if testing.Short() {
		times, off = 1000, 0.03
	}
	ln2 := math.Ln2
	truth := time.Duration(ln2 * float64(time.Second))
	for _, n := range []int{6, 9, 20} {
		held, coverage := 0, 0.0
		for range times {
			drills := make([]measure.Result, 0, n)
			for range n {
				d := time.Duration(r.ExpFloat64() * float64(time.Second))
				drills = append(drills, drilled(measure.Met, d, d))
			}
			m := measure.OfTrials(drills).Median
			coverage = m.Coverage
			if m.Least <= truth && truth <= m.Most {
				held++
			}
		}
		if got := float64(held) / float64(times); math.Abs(got-coverage) > off {
			t.Errorf("%d trials: held the median in %.3f, said %.3f", n, got, coverage)
		}
	}
}

func TestKept(t *testing.T) {
	for _, tt := range []struct {
		met, missed int
		want        float64 // from tables of the beta distribution
	}{
		{0, 0, 0},
		{0, 5, 0},
		{1, 0, 0.05},
		{3, 0, math.Pow(0.05, 1./3)},
		{10, 0, math.Pow(0.05, 0.1)},
		{9, 1, 0.6058},
		{8, 2, 0.4931},
		{59, 0, math.Pow(0.05, 1./59)},
		{1000, 0, math.Pow(0.05, 1./1000)},
	} {
		drills := make([]measure.Result, 0, tt.met+tt.missed)
		for range tt.met {
			drills = append(drills, drilled(measure.Met, ms, ms))
		}
		for n := range tt.missed {
			drills = append(drills, drilled([]measure.Verdict{measure.Missed, measure.Unmeasurable}[n%2], ms, ms))
		}
		near(t, "kept", measure.OfTrials(drills).Kept, tt.want)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.0001 {
		t.Errorf("%s = %.5f, want %.5f", what, got, want)
	}
}

// TestOfStep ranks the outages of one step, of the trials that came to its end.
func TestOfStep(t *testing.T) {
	trial := func(outcome measure.Outcome, of time.Duration) measure.Result {
		d := drilled(measure.Met, of, of+5*ms)
		step := measure.Step{Outcome: outcome, Downtime: d.Downtime}
		step.Number = 4
		d.Steps, d.Downtime = []measure.Step{{}, step}, measure.Downtime{}
		return d
	}
	unfit := trial(measure.Passed, time.Hour)
	unfit.Unfit = true
	open := trial(measure.Passed, 30*ms)
	open.Steps[1].Downtime.Open = true
	got := measure.OfStep([]measure.Result{
		trial(measure.Passed, 20*ms), trial(measure.Failed, 10*ms), open, unfit,
		trial(measure.Skipped, time.Hour), trial(measure.Interrupted, time.Hour),
		drilled(measure.Met, time.Hour, time.Hour),
	}, 4)
	if got.Measured != 3 || got.Open != 1 {
		t.Errorf("%d measured, %d open, want 3 and 1", got.Measured, got.Open)
	}
	if want := (measure.Bracket{Least: 20 * ms, Most: 25 * ms}); got.P50.Bracket != want {
		t.Errorf("p50 = %+v, want %+v", got.P50, want)
	}
	if !got.Max.Open || got.Max.Least != 30*ms {
		t.Errorf("max = %+v, want an open one of at least 30 ms", got.Max)
	}
}

// An outage that was short when the drill ended hides no longer one that was over.
func TestOpenOutageHidesNoLongerOne(t *testing.T) {
	tell := func(last int) measure.Result {
		return tell().serve(100, 2000, record.Acked).serve(2000, 32000, record.Refused).
			serve(32000, 36000, record.Acked).serve(36000, last, record.Refused).decided("b", 2000).measure()
	}
	open, over := tell(37000), tell(36000)
	for _, tt := range []struct {
		name string
		got  measure.Range
		open bool
	}{
		{"in one drill", open.Downtime.Longest, true},
		{"in one drill, without it", over.Downtime.Longest, false},
		{"over trials", measure.OfTrials([]measure.Result{over, open}).Max, true},
		{"in the middle of the trials", measure.OfTrials([]measure.Result{over, over, open}).P50, false},
	} {
		if tt.got.Least < 29*time.Second || tt.got.Least > 30*time.Second || tt.got.Open != tt.open {
			t.Errorf("%s: the longest is %+v, want at least 30 s, open: %v", tt.name, tt.got, tt.open)
		}
	}
	if m := open.Downtime.Main; m.Open || m.From > 2*time.Second {
		t.Errorf("main outage %+v, want the one of 30 s", m)
	}
	why, ok := reason(open, measure.RTOOpen)
	if !ok || why.Bracket.Least > time.Second {
		t.Errorf("reasons %+v, want that the last outage was not over", open.Reasons)
	}
}
