package drill_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// nine members of all kinds: f follows e, and g is for disaster recovery.
func nine() ([]string, map[string]driver.Kind) {
	return strings.Split("abcdefghi", ""), map[string]driver.Kind{
		"b": driver.Synchronous, "c": driver.Synchronous, "d": driver.Asynchronous, "e": driver.Asynchronous,
		"f": driver.Asynchronous, "g": driver.DisasterRecovery, "h": driver.Witness, "i": driver.Witness,
	}
}

// drillOf drills a database of the members, and measures the record that is left.
func drillOf(
	t *testing.T, cfg fake.Config, members []string, kinds map[string]driver.Kind,
	do func(context.Context, *drill.Drill) error,
) (*record.Record, measure.Result) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(cfg)
		d, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
			Driver: db, Host: db, Members: members, Kinds: kinds, Links: db.Links(), Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		step(t, d, 1, func() error { return do(t.Context(), d) })
		running{d, db}.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return rec, measure.Of(rec)
}

// A switchover among nine members of all kinds and three auxiliary nodes: those who hold
// data are written to and read back, witnesses are only asked for their role.
func TestNineMembers(t *testing.T) {
	members, kinds := nine()
	cfg := arbitrated(false, fake.Defects{})
	cfg.Cascade = map[string]string{"f": "e"}
	for _, name := range []string{"x", "y"} {
		more := cfg.Auxiliaries[0]
		more.Spec.Name = name
		cfg.Auxiliaries = append(cfg.Auxiliaries, more)
	}
	rec, res := drillOf(t, cfg, members, kinds, func(ctx context.Context, d *drill.Drill) error {
		<-time.After(time.Second)
		return d.Switchover(ctx, d.Cluster.Members[0], d.Cluster.Members[1])
	})
	if res.Verdict != measure.Met || res.Writes.Authority != "b" {
		t.Errorf("verdict %s, reasons %+v, the copy of %q counts", res.Verdict, res.Reasons, res.Writes.Authority)
	}
	written, read := map[string]bool{}, map[string]bool{}
	for _, s := range rec.Head.Streams {
		written[s.Member] = true
	}
	for _, c := range rec.Copies {
		read[c.Member] = true
	}
	delete(written, "")
	for what, of := range map[string]map[string]bool{"written to": written, "read back": read} {
		if got := strings.Join(slices.Sorted(maps.Keys(of)), ""); got != "abcdefg" {
			t.Errorf("%s are %s, want those who hold data", what, got)
		}
	}
	if len(rec.Head.Kinds) != len(kinds) || rec.Head.Kinds["h"] != string(driver.Witness) {
		t.Errorf("kinds in the record: %v", rec.Head.Kinds)
	}
	if len(res.Lanes) != 9 || len(res.Auxiliaries) != 3 {
		t.Errorf("%d lanes, %d auxiliary nodes", len(res.Lanes), len(res.Auxiliaries))
	}
	for _, l := range res.Lanes {
		want := map[bool]string{true: string(driver.Voter), false: string(driver.Standby)}[l.Member > "g"]
		if l.Member != "b" && l.Roles[len(l.Roles)-1].Role != want {
			t.Errorf("%s says at the end %+v, want %s", l.Member, l.Roles, want)
		}
	}
}

// A standby that is behind by an hour, and for which no commit waits, breaks no promise;
// eight that never catch up are waited for together.
func TestStandbysThatAreBehind(t *testing.T) {
	members, kinds := nine()
	cfg := healthy()
	cfg.Far = time.Hour
	_, res := drillOf(t, cfg, members, kinds, func(context.Context, *drill.Drill) error {
		<-time.After(time.Second)
		return nil
	})
	if res.Verdict != measure.Met || len(res.Writes.Behind) != 4 || res.Writes.Behind[3].Member != "g" {
		t.Errorf("verdict %s, reasons %+v, behind %+v, want d, e, f and g", res.Verdict, res.Reasons, res.Writes.Behind)
	}
	if n := res.Writes.Behind[0].Writes; n < 100 {
		t.Errorf("d is behind by %d writes, want all of a second", n)
	}
	if most := 2 * time.Minute; res.Took > most {
		t.Errorf("the drill took %s, want less than %s", res.Took, most)
	}
}

// One that has no data is no candidate, and there is nothing to be saved of it.
func TestWitnessIsNoStandby(t *testing.T) {
	kinds := map[string]driver.Kind{"c": driver.Witness}
	drillOf(t, healthy(), []string{"a", "b", "c"}, kinds, func(ctx context.Context, d *drill.Drill) error {
		c := d.Cluster.Members[2]
		if err := d.Promote(ctx, c); !errors.Is(err, drill.ErrRefused) {
			t.Errorf("Promote = %v, want %v", err, drill.ErrRefused)
		}
		if _, err := d.Salvage(ctx, c, d.Cluster.Members[0]); err == nil {
			t.Error("a witness was saved")
		}
		return nil
	})
}

// More members than there may be are refused before anything is launched.
func TestTooManyMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(healthy())
		_, err := drill.Begin(t.Context(), drill.Config{
			Head: record.Head{Run: "run"}, Driver: db, Host: db, Members: strings.Split("abcdefghij", ""),
			Dir: t.TempDir(),
		})
		if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), "10 members: there must be 1 to 9") {
			t.Errorf("Begin = %v", err)
		}
		if err := db.Close(context.WithoutCancel(t.Context())); err != nil || db.Standing().Primary != "" {
			t.Errorf("Close = %v", err)
		}
	})
}

// With nine members each has its stream, and what one member has to take is as with two:
// only clients try all of them, and so wait longer for a session.
func TestProbeOfNine(t *testing.T) {
	members, _ := nine()
	product := driver.Description{Title: phrase.Quote("it"), Sessions: 103, Registers: true}
	if err := (drill.Probe{}).Check(members, product); err != nil {
		t.Error(err)
	}
	product.Sessions--
	if err := (drill.Probe{}).Check(members, product); err == nil || !strings.Contains(err.Error(), "103 sessions") {
		t.Errorf("Check = %v, want that 103 sessions are needed", err)
	}
	streams := drill.Probe{}.Streams(members, true)
	if len(streams) != 14 || streams[13].Member != "i" || streams[0].Connect != 900*time.Millisecond {
		t.Errorf("streams %+v", streams)
	}
	err := drill.Probe{Connect: 2 * time.Second}.Check(members, driver.Description{})
	if err == nil || !strings.Contains(err.Error(), "one for each of the 9 members") {
		t.Errorf("Check = %v, want that clients try nine members", err)
	}
}
