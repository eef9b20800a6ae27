package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// arbitrated is a database with one auxiliary node.
func arbitrated(redundant bool, d fake.Defects) fake.Config {
	cfg := healthy()
	cfg.Defects = d
	cfg.Auxiliaries = []driver.Auxiliary{
		{Spec: host.Spec{Name: "w", Ports: []int{7}}, Duty: phrase.Say("arbiter"), Redundant: redundant},
	}
	return cfg
}

// An auxiliary node that ends by itself makes a drill prove nothing, unless the product
// promises service without it; one that the drill itself has ended does not.
func TestAuxiliaryThatEnds(t *testing.T) {
	loss := func(_ context.Context, d *drill.Drill) fault.Fault {
		w, _ := d.Cluster.Auxiliary("w")
		return fault.Group(phrase.Quote("site of w is lost"), fault.HostLoss(w))
	}
	for _, tt := range []struct {
		name  string
		db    fake.Config
		fault func(context.Context, *drill.Drill) fault.Fault
		again bool // it ends as soon as the fault is healed
		want  measure.Verdict
		code  measure.Code
	}{
		{"runs", arbitrated(false, fake.Defects{}), nil, false, measure.Met, ""},
		{
			"ends", arbitrated(false, fake.Defects{AuxiliariesEnd: 4 * time.Second}), nil, false, measure.Unmeasurable,
			measure.AuxiliaryLost,
		},
		{"need not run", arbitrated(true, fake.Defects{AuxiliariesEnd: 4 * time.Second}), nil, false, measure.Met, ""},
		{"is ended by the drill", arbitrated(false, fake.Defects{}), loss, false, measure.Met, ""},
		{
			"ends again", arbitrated(false, fake.Defects{}), loss, true, measure.Unmeasurable, measure.AuxiliaryLost,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				d := begin(t, fake.New(tt.db), dir, generous())
				for n := range 3 {
					step(t, d.Drill, n+1, func() error {
						if n != 1 || tt.fault == nil {
							<-time.After(2 * time.Second)
							return nil
						}
						f := tt.fault(t.Context(), d.Drill)
						err := d.Inject(t.Context(), f)
						<-time.After(2 * time.Second)
						err = errors.Join(err, d.Heal(t.Context(), f))
						if w, _ := d.Cluster.Auxiliary("w"); tt.again {
							err = errors.Join(err, w.Node.Kill(t.Context()))
						}
						return err
					})
				}
				d.end(t)
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			res := measure.Of(rec)
			if res.Verdict != tt.want {
				t.Errorf("verdict %s, reasons %+v, want %s", res.Verdict, res.Reasons, tt.want)
			}
			if tt.code != "" && (len(res.Reasons) == 0 || res.Reasons[0].Code != tt.code ||
				res.Reasons[0].Detail != "w (arbiter), ended") {
				t.Errorf("reasons %+v, want %s of w", res.Reasons, tt.code)
			}
			states := res.Auxiliaries[0].States
			if seen := len(states) > 1; seen != (tt.name != "runs") {
				t.Errorf("states %+v", states)
			}
			after := map[bool]string{false: "running", true: "ended"}[tt.again]
			if tt.fault != nil && (states[1].Fault == "" || states[2].State != after) {
				t.Errorf("states %+v, want one that the drill has brought about, and then %s", states, after)
			}
		})
	}
}

// One that does not come up is named, to the caller and in the record.
func TestAuxiliaryThatDoesNotComeUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(arbitrated(false, fake.Defects{AuxiliariesFail: true}))
		_, err := drill.Begin(t.Context(), drill.Config{
			Head: record.Head{Run: "run"}, Driver: db, Host: db, Members: []string{"a", "b"}, Dir: dir,
		})
		if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), "auxiliary node w (arbiter)") {
			t.Errorf("Begin = %v, want %v and the node", err, drill.ErrEnvironment)
		}
		if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Tail == nil || rec.Tail.Blame != record.BlamePlace || !strings.Contains(rec.Tail.Err, "w (arbiter)") {
		t.Errorf("tail %+v, want the node, and the place to blame", rec.Tail)
	}
	if len(rec.Head.Auxiliaries) != 1 || rec.Head.Auxiliaries[0].Name != "w" {
		t.Errorf("auxiliaries %+v, want the one that was planned", rec.Head.Auxiliaries)
	}
}

// One that has ended before the first step is named, and no drill begins without it, be it
// that the product promises service without it.
func TestAuxiliaryThatEndsBefore(t *testing.T) {
	for name, cfg := range map[string]fake.Config{
		"of a healthy cluster":  arbitrated(false, fake.Defects{AuxiliariesEnd: time.Second / 2}),
		"redundant":             arbitrated(true, fake.Defects{AuxiliariesEnd: time.Second / 2}),
		"of one without roles":  arbitrated(false, fake.Defects{AuxiliariesEnd: time.Second / 2, SaysPrimary: true}),
		"of one without writes": arbitrated(false, fake.Defects{AuxiliariesEnd: time.Second / 2, FailsEvery: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				db := fake.New(cfg)
				_, err := drill.Begin(t.Context(), drill.Config{
					Head: record.Head{Run: "run"}, Driver: db, Host: db, Members: []string{"a", "b"}, Dir: dir,
				})
				if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), "w (arbiter) is ended") {
					t.Errorf("Begin = %v, want %v and the node", err, drill.ErrEnvironment)
				}
				if err := db.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Too many, one without a name and one with a member's name are refused before
// anything is launched.
func TestAuxiliariesThatCannotBe(t *testing.T) {
	one := func(name string) driver.Auxiliary {
		return driver.Auxiliary{Spec: host.Spec{Name: name}, Duty: phrase.Say("arbiter")}
	}
	for want, plans := range map[string][]driver.Auxiliary{
		"3 at most":       {one("w"), one("x"), one("y"), one("z")},
		`own, not ""`:     {one("")},
		`own, not "a"`:    {one("a")},
		`name of its own`: {one("w"), one("w")},
	} {
		cfg := healthy()
		cfg.Auxiliaries = plans
		db := fake.New(cfg)
		_, err := drill.Begin(t.Context(), drill.Config{
			Driver: db, Host: db, Members: []string{"a", "b"}, Dir: t.TempDir(),
		})
		if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), want) {
			t.Errorf("Begin = %v, want %q", err, want)
		}
	}
}
