package drill_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

func TestParseStopIf(t *testing.T) {
	for _, tt := range []struct {
		text string
		want drill.StopIf
		err  string // part of it
	}{
		{"outage>60s", drill.StopIf{Outage: time.Minute}, ""},
		{"split", drill.StopIf{Split: true}, ""},
		{"lag>64MB", drill.StopIf{LagBytes: 64 << 20}, ""},
		{"lag>5m", drill.StopIf{LagTime: 5 * time.Minute}, ""},
		{
			" outage > 1.5s,split , lag>16kB,lag>3s",
			drill.StopIf{Outage: 1500 * time.Millisecond, Split: true, LagBytes: 16 << 10, LagTime: 3 * time.Second},
			"",
		},
		{"lost>3", drill.StopIf{}, "only once all members are read back"},
		{"lag>3", drill.StopIf{}, `"3" is no limit of lag`},
		{"lag>0s", drill.StopIf{}, "no limit"},
		{"lag>99999999TB", drill.StopIf{}, "no limit"},
		{"outage>64MB", drill.StopIf{}, "no limit of outage"},
		{"outage>-1s", drill.StopIf{}, "no limit of outage"},
		{"split>2", drill.StopIf{}, "no condition"},
		{"split,", drill.StopIf{}, "no condition"},
		{"", drill.StopIf{}, "no condition"},
		{"speed>3", drill.StopIf{}, "no condition"},
	} {
		got, err := drill.ParseStopIf(tt.text)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: %+v, %v, want %+v and %q", tt.text, got, err, tt.want, tt.err)
		}
	}
}

// What nobody could tell is refused before anything begins.
func TestStopIfThatNobodyCanTell(t *testing.T) {
	db := fake.New(healthy())
	for _, tt := range []struct {
		name    string
		is      drill.StopIf
		probe   drill.Probe
		members int
		err     string
	}{
		{"all", drill.StopIf{Outage: 1, Split: true, LagBytes: 1, LagTime: 1}, drill.Probe{}, 2, ""},
		{"an outage of one", drill.StopIf{Outage: 1}, drill.Probe{ReadOnly: true}, 1, ""},
		{"split of one", drill.StopIf{Split: true}, drill.Probe{}, 1, "one server alone"},
		{"lag of one", drill.StopIf{LagTime: 1}, drill.Probe{}, 1, "one server alone"},
		{"split without writes", drill.StopIf{Split: true}, drill.Probe{ReadOnly: true}, 2, "nothing is written"},
	} {
		err := tt.is.Check(db, tt.probe, tt.members)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
}

// losesReplication cuts b off from a.
func losesReplication(t *testing.T, d running) error {
	t.Helper()
	l, err := d.db.Links().Link(t.Context(), link.Route{From: "b", To: "a"})
	if err != nil {
		return err
	}
	return d.Inject(t.Context(), fault.Group(phrase.Quote("a is cut off"),
		fault.Impair(l, link.Condition{Kind: link.Drop})))
}

// A condition ends the drill when it holds, and not before.
func TestStopWatch(t *testing.T) {
	second := time.Second
	for _, tt := range []struct {
		name    string
		is      drill.StopIf
		defects fake.Defects
		act     func(t *testing.T, d running) error
		want    string // "": no condition holds
	}{
		{
			"outage", drill.StopIf{Outage: 2 * second}, fake.Defects{}, func(t *testing.T, d running) error {
				t.Helper()
				return d.Inject(t.Context(), fault.HostLoss(d.Cluster.Members[0]))
			}, "clients were not served for longer than 2s",
		},
		{
			"outage that ends before",
			drill.StopIf{Outage: 2 * second},
			fake.Defects{},
			func(t *testing.T, d running) error {
				t.Helper()
				err := d.Inject(t.Context(), fault.HostLoss(d.Cluster.Members[0]))
				return errors.Join(err, d.Promote(t.Context(), d.Cluster.Members[1]))
			}, "",
		},
		{
			"split", drill.StopIf{Split: true}, fake.Defects{KeepsWriting: true}, func(t *testing.T, d running) error {
				t.Helper()
				return errors.Join(losesReplication(t, d), d.Promote(t.Context(), d.Cluster.Members[1]))
			}, "a and b take writes at the same time",
		},
		{
			"two claims, one takes writes",
			drill.StopIf{Split: true},
			fake.Defects{SaysPrimaryAfterwards: true},
			func(t *testing.T, d running) error {
				t.Helper()
				return d.Switchover(t.Context(), d.Cluster.Members[0], d.Cluster.Members[1])
			}, "",
		},
		{
			"roles are changed, and changed back",
			drill.StopIf{Split: true},
			fake.Defects{},
			func(t *testing.T, d running) error {
				t.Helper()
				a, b := d.Cluster.Members[0], d.Cluster.Members[1]
				return errors.Join(d.Switchover(t.Context(), a, b), d.Switchover(t.Context(), b, a))
			}, "",
		},
		{
			"lag in bytes",
			drill.StopIf{LagBytes: 100},
			fake.Defects{},
			losesReplication,
			"bytes behind a, more than 100",
		},
		{"lag that is less", drill.StopIf{LagBytes: 1e6}, fake.Defects{}, losesReplication, ""},
		{
			"lag in time",
			drill.StopIf{LagTime: 3 * second},
			fake.Defects{},
			losesReplication,
			"b lacks what a had written more than 3s ago",
		},
		{"lag that is shorter", drill.StopIf{LagTime: 30 * second}, fake.Defects{}, losesReplication, ""},
		{
			"no lag",
			drill.StopIf{LagBytes: 100, LagTime: 3 * second},
			fake.Defects{},
			func(*testing.T, running) error { return nil }, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, got := t.TempDir(), ""
			synctest.Test(t, func(t *testing.T) {
				cfg := healthy()
				cfg.Defects = tt.defects
				d := begin(t, fake.New(cfg), dir, generous())
				w := d.WatchStop(t.Context(), tt.is)
				step(t, d.Drill, 1, func() error { return tt.act(t, d) })
				select {
				case why := <-w.Reached():
					got = why.Text
				case <-time.After(10 * time.Second):
				}
				w.End()
				d.end(t)
				if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
					t.Errorf("it ends for %q, want %q", got, tt.want)
				}
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			noted := false
			for _, e := range rec.Events {
				noted = noted || e.Kind == record.Finding && e.What == "ended by its own condition" && e.Err == got
			}
			if noted != (tt.want != "") {
				t.Errorf("the record says that it was ended: %t", noted)
			}
		})
	}
}
