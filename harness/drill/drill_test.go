package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// lostPrimary is a drill on the fake database: the host of the primary is
// lost, the standby is promoted, the lost member rejoins.
type lostPrimary struct {
	db      fake.Config
	promise record.Promise                            // zero: generous
	hold    time.Duration                             // replication is cut so long before the loss
	decide  time.Duration                             // between loss and promotion
	without func(ctx context.Context, d *drill.Drill) // if set, instead of promotion and rejoining
}

// run carries the drill out in virtual time and measures its record.
func (l lostPrimary) run(t *testing.T) (res measure.Result) {
	t.Helper()
	if l.promise == (record.Promise{}) {
		l.promise = generous()
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { l.drill(t, dir) })
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return measure.Of(rec)
}

// What a host publishes stands in the record.
func TestPublishedPortsStandInTheRecord(t *testing.T) {
	for _, at := range []string{"", "203.0.113.7"} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) { lostPrimary{db: fake.Config{Published: at}}.drill(t, dir) })
		rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
		if err != nil {
			t.Fatal(err)
		}
		if rec.Head.Published != at {
			t.Errorf("the record says that ports are published at %q, want %q", rec.Head.Published, at)
		}
	}
}

func (l lostPrimary) drill(t *testing.T, dir string) {
	t.Helper()
	ctx := t.Context()
	db := fake.New(l.db)
	d, err := drill.Begin(ctx, drill.Config{
		Head: record.Head{
			Run: "run", Runbook: "fake/lost-primary", Promise: l.promise,
			Steps: []record.Step{{Number: 1}, {Number: 2}, {Number: 3}},
		},
		Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := d.Cluster.Members[0], d.Cluster.Members[1]
	lost := fault.HostLoss(a)
	step(t, d, 1, func() error {
		if l.hold > 0 {
			cut, err := db.Links().Link(ctx, link.Route{From: "b", To: "a"})
			if err != nil {
				return err
			}
			if err := d.Inject(ctx, fault.Impair(cut, link.Condition{Kind: link.Drop})); err != nil {
				return err
			}
			<-time.After(l.hold)
		}
		return d.Inject(ctx, lost)
	})
	step(t, d, 2, func() error {
		<-time.After(l.decide)
		if l.without != nil {
			l.without(ctx, d)
			return nil
		}
		return d.Promote(ctx, b)
	})
	step(t, d, 3, func() error {
		if l.without != nil {
			return nil
		}
		served := d.WaitServed(ctx, 500*time.Millisecond, 10*time.Second)
		if err := errors.Join(served, d.Heal(ctx, lost)); err != nil {
			return nil //nolint:nilerr // the measurement must find it
		}
		return d.Rejoin(ctx, a, b, driver.Rewind)
	})
	if err := d.End(ctx, false); err != nil {
		t.Logf("end: %v", err)
	}
	if err := db.Close(ctx); err != nil {
		t.Error(err)
	}
}

func step(t *testing.T, d *drill.Drill, n int, do func() error) {
	t.Helper()
	d.StepBegan(n)
	err := do()
	d.StepEnded(err)
	if err != nil {
		t.Logf("step %d: %v", n, err)
	}
}

func healthy() fake.Config {
	return fake.Config{Latency: 2 * time.Millisecond, Delay: 5 * time.Millisecond, Promotion: 30 * time.Millisecond}
}

func defective(d fake.Defects) lostPrimary {
	cfg := healthy()
	cfg.Defects = d
	return lostPrimary{db: cfg}
}

// generous is a promise that only a defect breaks. Without synchronous
// replication the last moments before the loss are lost.
func generous() record.Promise { return record.Promise{RTO: 5 * time.Second, RPO: 10} }

func TestVerdicts(t *testing.T) {
	synchronous := healthy()
	synchronous.Synchronous = true
	for _, tt := range []struct {
		name    string
		drill   lostPrimary
		verdict measure.Verdict
		code    measure.Code // that must be among the reasons
	}{
		{"healthy", lostPrimary{db: healthy()}, measure.Met, ""},
		{
			"healthy, synchronous, nothing may be lost",
			lostPrimary{db: synchronous, promise: record.Promise{RTO: time.Second}, decide: 100 * time.Millisecond},
			measure.Met, "",
		},
		{"replication held up", lostPrimary{db: healthy(), hold: time.Second / 2}, measure.Missed, measure.RPOMissed},
		{"decided too late", lostPrimary{db: healthy(), decide: 6 * time.Second}, measure.Missed, measure.RTOMissed},
		{"loses on promotion", defective(fake.Defects{LosesOnPromotion: 50}), measure.Missed, measure.RPOMissed},
		{"does not store", defective(fake.Defects{LosesEvery: 20}), measure.Missed, measure.RPOMissed},
		{"stores twice", defective(fake.Defects{StoresTwice: 100}), measure.Missed, measure.DuplicateWrites},
		{"promotes late", defective(fake.Defects{PromotesLate: 7 * time.Second}), measure.Missed, measure.RTOMissed},
		{
			"never takes writes again", defective(fake.Defects{RefusesOncePromoted: true}),
			measure.Missed, measure.RTOMissed,
		},
		{
			"is never promoted",
			lostPrimary{db: healthy(), without: func(context.Context, *drill.Drill) {}},
			measure.Missed, measure.RTOMissed,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.drill.run(t)
			if got.Verdict != tt.verdict {
				t.Errorf("verdict = %s, want %s; reasons %+v", got.Verdict, tt.verdict, got.Reasons)
			}
			if tt.code != "" && !has(got.Reasons, tt.code) {
				t.Errorf("reasons = %+v, want %s among them", got.Reasons, tt.code)
			}
		})
	}
}

func has(reasons []measure.Reason, code measure.Code) bool {
	for _, r := range reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

func TestBracketHoldsTheTruth(t *testing.T) {
	const decide = 400 * time.Millisecond
	got := lostPrimary{db: healthy(), decide: decide}.run(t)
	truth := decide + healthy().Promotion
	d := got.Downtime
	if d.Count != 1 || d.Open {
		t.Fatalf("downtime = %+v, want one closed outage", d)
	}
	if d.Longest.Least > truth || d.Longest.Most < truth {
		t.Errorf("outage = %s to %s, want a bracket around %s", d.Longest.Least, d.Longest.Most, truth)
	}
	if width := d.Longest.Most - d.Longest.Least; width > 150*time.Millisecond {
		t.Errorf("bracket is %s wide, want at most 150ms", width)
	}
}

// TestAutomaticTakeover: when a cluster fails over by itself, the phases are
// told by what the observer and the probe saw of it.
func TestAutomaticTakeover(t *testing.T) {
	const takesOver = 300 * time.Millisecond
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg := healthy()
		cfg.TakesOver = takesOver
		r := begin(t, fake.New(cfg), dir, generous())
		a, b := r.Cluster.Members[0], r.Cluster.Members[1]
		lost := fault.HostLoss(a)
		step(t, r.Drill, 1, func() error { return r.Inject(t.Context(), lost) })
		step(t, r.Drill, 2, func() error { return r.WaitServed(t.Context(), time.Second, 5*time.Second) })
		step(t, r.Drill, 3, func() error {
			return errors.Join(r.Heal(t.Context(), lost), r.Rejoin(t.Context(), a, b, driver.Rewind))
		})
		r.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	res := measure.Of(rec)
	p := res.Phases
	if res.Verdict != measure.Met || !p.Observed ||
		slices.Contains([]*time.Duration{p.FirstError, p.Decided, p.Writable, p.Served}, nil) {
		t.Fatalf("verdict %s %+v, phases %+v: want it met, and all of them", res.Verdict, res.Reasons, p)
	}
	const look = 60 * time.Millisecond // of the observer, and what its question takes
	if d := *p.Decided; d < takesOver || d > takesOver+look {
		t.Errorf("decided after %s, want what the cluster takes, %s, and no more than %s besides", d, takesOver, look)
	}
	if w := *p.Writable; w < takesOver || w > *p.Served+look || *p.FirstError > w {
		t.Errorf("phases %+v: want the first error, then writable, then served", p)
	}
}
