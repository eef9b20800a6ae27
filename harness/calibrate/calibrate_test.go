package calibrate_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/driver"
)

const ms = time.Millisecond

func settings(rate float64) calibrate.Settings {
	return calibrate.Settings{Rate: rate, Connect: 100 * ms, Reply: 250 * ms, Baseline: 300 * ms}
}

// widest is the bound of every runbook here: of an RTO of 4 s and more.
const widest = 40 * ms

// The full tables are made by `drillbook calibrate`; this plays a few of each
// kind. A trial in which the machine stood still says nothing, and is played
// again: of each kind there must be one at least in which it did not, and of
// all nine outages six.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	r := rand.New(rand.NewPCG(1, 1))
	var outages []calibrate.Outage
	for _, base := range []time.Duration{40 * ms, 150 * ms, 400 * ms} {
		for _, how := range calibrate.OutageKinds() {
			outages = append(outages, calibrate.Outage{Kind: how, Length: base + time.Duration(r.Int64N(int64(30*ms)))})
		}
	}
	const enough, patience = 6, 3 * time.Minute
	bound := calibrate.Bound(settings(200), time.Hour)
	told := map[calibrate.OutageKind]int{}
	stalled, outside := 0, 0
	for began := time.Now(); len(outages) > 0 && time.Since(began) < patience; {
		o := outages[0]
		outages = outages[1:]
		tr := played(t, settings(200), o)
		if tr.Stalled {
			stalled++
			if len(outages) > 9-enough || told[o.Kind] == 0 {
				outages = append(outages, o)
			}
			continue
		}
		told[o.Kind]++
		if !tr.Holds() {
			outside++
		}
		if !tr.Seen || tr.Error().Abs() > bound || outside > 1 {
			t.Errorf("%+v, want it seen, in its bracket, and no further off than %s", tr, bound)
		}
	}
	all := told[calibrate.Reset] + told[calibrate.Hang] + told[calibrate.Blackhole]
	if len(told) < len(calibrate.OutageKinds()) || all < enough {
		t.Errorf("the harness stood still in %d trials and not in %v: this machine is too busy to measure on",
			stalled, told)
	}
}

// played plays one outage.
func played(t *testing.T, s calibrate.Settings, o calibrate.Outage) calibrate.Trial {
	t.Helper()
	trials, err := calibrate.Run(t.Context(), s, []calibrate.Outage{o}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(trials) != 1 || trials[0].Kind != o.Kind || trials[0].Truth < o.Length {
		t.Fatalf("trials = %+v, want one %s of %s", trials, o.Kind, o.Length)
	}
	return trials[0]
}

func TestQuick(t *testing.T) {
	for _, tt := range []struct {
		rate  float64
		bound time.Duration
		least time.Duration // that each outage must last
	}{
		{200, 15 * ms, 120 * ms},
		{200, widest, 120 * ms},
		{20, 60 * ms, 180 * ms},
	} {
		trials, err := calibrate.Quick(t.Context(), settings(tt.rate), tt.bound)
		if err != nil {
			t.Fatal(err)
		}
		for i, how := range calibrate.OutageKinds() {
			if trials[i].Kind != how || trials[i].Truth < tt.least {
				t.Errorf("%g/s: trial %d = %+v, want a %s of at least %s", tt.rate, i, trials[i], how, tt.least)
			}
		}
	}
}

// The bound is never wider than 40 ms but for probes that ask more rarely, and
// what is played tells a probe within the bound from one that sees nothing.
func TestBound(t *testing.T) {
	for _, tt := range []struct {
		rate   float64
		rto    time.Duration
		want   time.Duration
		length time.Duration
	}{
		{200, 0, 15 * ms, 120 * ms},
		{200, time.Second, 15 * ms, 120 * ms},
		{200, 2 * time.Second, 20 * ms, 120 * ms},
		{200, 4 * time.Second, 40 * ms, 120 * ms},
		{200, 30 * time.Second, 40 * ms, 120 * ms}, // where the runbooks are
		{200, 5 * time.Minute, 40 * ms, 120 * ms},
		{1000, time.Second, 11 * ms, 120 * ms},
		{50, time.Second, 30 * ms, 120 * ms},
		{20, 5 * time.Minute, 60 * ms, 180 * ms},
		{1, time.Second, 1010 * ms, 3030 * ms},
		{1, 5 * time.Minute, 1010 * ms, 3030 * ms},
	} {
		got := calibrate.Bound(settings(tt.rate), tt.rto)
		if got != tt.want {
			t.Errorf("bound at %g/s for an RTO of %s = %s, want %s", tt.rate, tt.rto, got, tt.want)
		}
		if l := calibrate.Length(got); l != tt.length {
			t.Errorf("at %g/s for an RTO of %s outages of %s are played, want %s", tt.rate, tt.rto, l, tt.length)
		}
	}
}

// A probe that asks more rarely than the shortest outages last sees what is
// played for it. As in a drill, a machine that is busy for a moment is asked again.
func TestSlowProbe(t *testing.T) {
	s := settings(5)
	s.Baseline = 800 * ms
	bound := calibrate.Bound(s, time.Minute)
	const tries = 10
	var bad []calibrate.Trial
	for range tries {
		trials, err := calibrate.Quick(t.Context(), s, bound)
		if err != nil {
			t.Fatal(err)
		}
		bad = slices.DeleteFunc(trials, func(tr calibrate.Trial) bool {
			return tr.Seen && tr.Holds() && tr.Error().Abs() <= bound
		})
		if len(bad) == 0 {
			return
		}
	}
	t.Errorf("%+v in the last of %d tries, want all seen, in their brackets, and no further off than %s",
		bad, tries, bound)
}

// deaf is a session that says that everything went well, whatever the server does.
type deaf struct{ driver.Session }

func (deaf) Write(context.Context, driver.Token) (driver.Ack, error) { return driver.Ack{}, nil }

// mute is a session that never gets an answer, so that nothing can be measured.
type mute struct{ driver.Session }

func (mute) Write(ctx context.Context, _ driver.Token) (driver.Ack, error) {
	<-ctx.Done()
	return driver.Ack{}, driver.ErrBroken
}

// A probe that sees none of the outages must not pass, whatever the promise.
func TestBlindProbe(t *testing.T) {
	if testing.Short() {
		t.Skip("a machine that stands still has outages of its own")
	}
	for name, of := range map[string]func(driver.Session) driver.Session{
		"one that never fails":    func(s driver.Session) driver.Session { return deaf{s} },
		"one that never succeeds": func(s driver.Session) driver.Session { return mute{s} },
	} {
		s := settings(200).Opening(of)
		trials, err := calibrate.Quick(t.Context(), s, calibrate.Bound(s, time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range trials {
			if tr.Seen {
				t.Errorf("%s: %+v, want it not seen", name, tr)
			}
		}
	}
}

// What others use sees the same outages; a script that asks once a second must
// be off by much, or the comparison proves nothing.
func TestWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("outages that a script can see take their time")
	}
	script := calibrate.ClosedLoops()[0]
	outage := calibrate.Outage{Kind: calibrate.Reset, Length: 1500 * ms}
	seen, err := calibrate.RunClosedLoop(t.Context(), script, []calibrate.Outage{outage})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Truth < 1500*ms || seen[0].Errors == 0 {
		t.Fatalf("observations = %+v, want one of an outage with errors", seen)
	}
	if e := seen[0].Error(); e < 100*ms || e > 2*time.Second {
		t.Errorf("a script that asks once a second is off by %s", e)
	}
}
