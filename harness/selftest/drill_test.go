package selftest_test

import (
	"context"
	"path/filepath"
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

// trial is a whole drill: cluster, probe, observer, faults, changes of role,
// read-back, record.
type trial struct {
	db      fake.Config
	probe   drill.Probe
	promise record.Promise
	script  script
	members []string // a and b if there are none
	kinds   map[string]driver.Kind
	// interrupted has it end at once, as a person may wish.
	interrupted bool
	tolerance   tolerance
}

// script is what a drill does between its beginning and its end.
type script func(ctx context.Context, s *stage) error

// stage is where a script plays. At the beginning a is the primary.
type stage struct {
	*drill.Drill
	db   *fake.DB
	a, b driver.Member
}

// outcome is what a trial left behind: what was measured, and the truth.
type outcome struct {
	measure.Result
	refused error // why the drill could not begin
	rec     *record.Record
	truth   fake.Account
	db      fake.Config
	stands  fake.Standing // as the members were read back
	failed  error         // of the script
	pauses  time.Duration // each
	may     tolerance
}

// run carries the trial out in virtual time and measures its record.
func (tr trial) run(t *testing.T) outcome {
	t.Helper()
	dir := t.TempDir()
	o := outcome{db: tr.db, pauses: tr.db.PauseFor, may: tr.tolerance}
	synctest.Test(t, func(t *testing.T) { tr.play(t, dir, &o) })
	o.measure(t, dir)
	return o
}

func (o *outcome) measure(t *testing.T, dir string) {
	t.Helper()
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	o.rec, o.Result = rec, measure.Of(rec)
}

func (tr trial) play(t *testing.T, dir string, o *outcome) {
	t.Helper()
	ctx := t.Context()
	db := fake.New(tr.db)
	d, err := drill.Begin(ctx, drill.Config{
		Head: record.Head{
			Run: "run", Runbook: "fake/selftest", Promise: tr.promise, Steps: []record.Step{{Number: 1}},
		},
		Driver: db, Host: db, Members: tr.names(), Kinds: tr.kinds, Links: db.Links(), Probe: tr.probe, Dir: dir,
	})
	if err == nil {
		d.StepBegan(1)
		o.failed = tr.script(ctx, &stage{Drill: d, db: db, a: d.Cluster.Members[0], b: d.Cluster.Members[1]})
		d.StepEnded(o.failed)
		err = d.End(ctx, tr.interrupted)
		if err != nil {
			t.Logf("end: %v", err) // the record says it too
		}
		if o.failed != nil {
			t.Logf("script: %v", o.failed)
		}
	} else {
		o.refused = err
	}
	o.truth, o.stands = db.Account(orElse(tr.probe.Reply, reply)), db.Standing()
	if err := db.Close(ctx); err != nil {
		t.Error(err)
	}
}

func (tr trial) names() []string {
	if len(tr.members) > 0 {
		return tr.members
	}
	return []string{"a", "b"}
}

// reply is the probe's default deadline for answers.
const reply = 250 * time.Millisecond

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func after(d time.Duration) { <-time.After(d) }

func (s *stage) served(ctx context.Context) error {
	return s.WaitServed(ctx, 500*ms, 10*time.Second)
}

// lostPrimary: the primary's host is lost, the standby is promoted, the lost
// member rejoins so long after its host is back.
func lostPrimary(warm, decide, rejoin time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.HostLoss(s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(decide)
		if err := s.Promote(ctx, s.b); err != nil {
			return err
		}
		if err := s.served(ctx); err != nil {
			return err
		}
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		after(rejoin)
		return s.Rejoin(ctx, s.a, s.b, driver.Rewind)
	}
}

// lostOfMany: the primary's host is lost; the standby is promoted, or another one takes
// over by itself; whoever is primary then has the lost member back.
func lostOfMany(ordered bool) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.HostLoss(s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(decide)
		if ordered {
			if err := s.Promote(ctx, s.b); err != nil {
				return err
			}
		}
		if err := s.served(ctx); err != nil {
			return err
		}
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		primary, err := s.Cluster.Primary(ctx)
		if err != nil {
			return err
		}
		return s.Rejoin(ctx, s.a, primary, driver.Rewind)
	}
}

// switchover is planned, with or without the way back.
func switchover(warm time.Duration, back bool) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		if err := s.Switchover(ctx, s.a, s.b); err != nil {
			return err
		}
		if err := s.served(ctx); err != nil || !back {
			return err
		}
		after(warm)
		if err := s.Switchover(ctx, s.b, s.a); err != nil {
			return err
		}
		return s.served(ctx)
	}
}

// frozen: the primary is frozen for so long, and nobody takes over.
func frozen(warm, hold time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.Freeze(s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(hold)
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		return s.served(ctx)
	}
}

// partition: replication is cut, the standby takes over so long after it, and
// the former primary rejoins so long after that.
func partition(warm, decide, rejoin time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		l, err := s.db.Links().Link(ctx, link.Route{From: "b", To: "a"})
		if err != nil {
			return err
		}
		cut := fault.Impair(l, link.Condition{Kind: link.Drop})
		if err := s.Inject(ctx, cut); err != nil {
			return err
		}
		after(decide)
		if err := s.Promote(ctx, s.b); err != nil {
			return err
		}
		after(rejoin)
		if err := s.Heal(ctx, cut); err != nil {
			return err
		}
		if err := s.Rejoin(ctx, s.a, s.b, driver.Rewind); err != nil {
			return err
		}
		return s.served(ctx)
	}
}

// restart: the primary's host is lost and comes back, and nobody takes over.
func restart(warm, hold time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.HostLoss(s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(hold)
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		return s.served(ctx)
	}
}

// crash: the server of the primary is killed and started again, by the product or
// by healing, and nobody takes over.
func crash(warm, hold time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.KillServer(s.db, s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(hold)
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		return s.served(ctx)
	}
}

// takenOver: the primary is frozen, the standby takes over, and then the former
// primary thaws; so long after that it rejoins.
func takenOver(warm, decide, rejoin time.Duration) script {
	return func(ctx context.Context, s *stage) error {
		after(warm)
		f := fault.Freeze(s.a)
		if err := s.Inject(ctx, f); err != nil {
			return err
		}
		after(decide)
		if err := s.Promote(ctx, s.b); err != nil {
			return err
		}
		if err := s.served(ctx); err != nil {
			return err
		}
		if err := s.Heal(ctx, f); err != nil {
			return err
		}
		after(rejoin)
		return s.Rejoin(ctx, s.a, s.b, driver.Rewind)
	}
}

// staying adds a time in which nothing more is done.
func staying(s script, still time.Duration) script {
	return func(ctx context.Context, st *stage) error {
		if err := s(ctx, st); err != nil {
			return err
		}
		after(still)
		return nil
	}
}
