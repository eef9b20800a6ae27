package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
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

// spell is an event that can be undone: only its lease tells how long it lasts.
type spell struct{ m driver.Member }

func (spell) String() string                                 { return "a spell" }
func (s spell) Phrase() phrase.Phrase                        { return phrase.Quote(s.String()) }
func (spell) Mechanism() phrase.Phrase                       { return phrase.Quote("magic") }
func (spell) Inject(context.Context) error                   { return nil }
func (spell) Confirm(context.Context) (phrase.Phrase, error) { return phrase.Quote("it works"), nil }

func (spell) Holds(context.Context) (phrase.Phrase, error)  { return phrase.Phrase{}, fault.ErrEvent }
func (spell) Heal(context.Context) error                    { return nil }
func (spell) Healed(context.Context) (phrase.Phrase, error) { return phrase.Quote("over"), nil }

func (s spell) Undo(context.Context) ([]host.Undo, error) {
	return []host.Undo{{Node: s.m.Name, Argv: []string{"accept", s.m.Name}, Done: []string{"accepts", s.m.Name}}}, nil
}

func casts(_ context.Context, _ *fake.DB, m driver.Member) (fault.Fault, error) {
	return &spell{m}, nil
}

// renewals are the notes of those that failed. They must be of no fault, whose notes say
// that healing it was tried.
func renewals(t *testing.T, rec *record.Record) []record.Event {
	t.Helper()
	var all []record.Event
	for _, e := range rec.Events {
		if e.Kind == record.Note && strings.HasPrefix(e.Err, "renew the lease of ") {
			all = append(all, e)
			if e.Fault != "" {
				t.Errorf("a renewal is noted of %s", e.Fault)
			}
		}
	}
	return all
}

// A lease that ends before its fault is healed makes the drill unmeasurable, although
// nothing else tells; one that is renewed lasts as long as the fault.
func TestLeaseOfAFault(t *testing.T) {
	db := healthy()
	db.Term = 300 * time.Millisecond // of a fault that lasts for a second
	for _, tt := range []struct {
		name   string
		end    time.Duration
		fault  func(context.Context, *fake.DB, driver.Member) (fault.Fault, error)
		lapsed bool
	}{
		{"an event", 0, casts, false},
		{"a state", 0, cutOff, false},
		{"an event whose lease ends", 500 * time.Millisecond, casts, true},
		{"a state whose lease ends", 500 * time.Millisecond, cutOff, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := db
			db.Defects.LeasesEnd = tt.end
			rec := faulted{db: db, fault: tt.fault}.run(t)
			res := measure.Of(rec)
			if got := has(res.Reasons, measure.FaultLapsed); got != tt.lapsed {
				t.Errorf("lapsed = %t, want %t: %+v", got, tt.lapsed, res.Reasons)
			}
			notes := renewals(t, rec)
			if tt.lapsed != (len(notes) == 1 && strings.Contains(notes[0].Err, "its lease has ended")) {
				t.Errorf("%d notes, want one of a renewal: %t: %+v", len(notes), tt.lapsed, notes)
			}
		})
	}
}

// restless is a host whose leases cannot be renewed for a while.
type restless struct {
	*fake.DB

	mu    sync.Mutex // guards fails
	fails int        // so many renewals
}

func (r *restless) Lease(ctx context.Context, u host.Undo) (host.Lease, error) {
	l, err := r.DB.Lease(ctx, u)
	return restlessLease{l, r}, err
}

type restlessLease struct {
	host.Lease
	r *restless
}

func (l restlessLease) Renew(ctx context.Context) error {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	if l.r.fails > 0 {
		l.r.fails--
		return errors.New("nobody answers")
	}
	return l.Lease.Renew(ctx)
}

// A renewal that fails is a note, and no more as long as the next one comes in time.
func TestRenewalThatFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fails  int
		lapsed bool
	}{{"once", 1, false}, {"too often", 8, true}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				cfg := healthy()
				cfg.Term = 900 * time.Millisecond
				db := fake.New(cfg)
				d, err := drill.Begin(t.Context(), drill.Config{
					Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
					Driver: db, Host: &restless{DB: db, fails: tt.fails}, Members: []string{"a", "b"}, Dir: dir,
				})
				if err != nil {
					t.Fatal(err)
				}
				f, err := cutOff(t.Context(), db, d.Cluster.Members[0])
				if err != nil {
					t.Fatal(err)
				}
				step(t, d, 1, func() error {
					err := d.Inject(t.Context(), f)
					<-time.After(3 * time.Second)
					return errors.Join(err, d.Heal(t.Context(), f))
				})
				if err := errors.Join(d.End(t.Context(), false), db.Close(t.Context())); err != nil {
					t.Error(err)
				}
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			if notes := renewals(t, rec); len(notes) == 0 || !strings.Contains(notes[0].Err, "nobody answers") {
				t.Errorf("notes = %+v, want that a renewal failed", notes)
			}
			if res := measure.Of(rec); has(res.Reasons, measure.FaultLapsed) != tt.lapsed {
				t.Errorf("lapsed = %t, want %t: %+v", !tt.lapsed, tt.lapsed, res.Reasons)
			}
		})
	}
}

// The ledger of a drill on nodes that stay says how each fault is undone.
func TestLedgerSaysHowToUndo(t *testing.T) {
	dir, ledgers := t.TempDir(), t.TempDir()
	l, err := fault.OpenLedger(ledgers, fault.RunFaults{Run: "r1", Stays: true})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(healthy())
		d, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
			Driver: db, Host: db, Members: []string{"a", "b"}, Dir: dir, Ledger: l,
		})
		if err != nil {
			t.Fatal(err)
		}
		a := d.Cluster.Members[0]
		stopped, closed := fault.StopServer(db, a), fault.RejectClients(db, db, a)
		step(t, d, 1, func() error {
			return errors.Join(d.Inject(t.Context(), closed), d.Inject(t.Context(), stopped))
		})
		got := l.Contents().Faults
		want := []fault.Entry{
			{
				What: "a is closed to clients", Mechanism: closed.Mechanism().Text, Place: "memory",
				Lease: 30 * time.Second,
				Undo: []host.Undo{{
					Node: "a", Reach: "a", Argv: []string{"accept", "a"}, Done: []string{"accepts", "a"},
				}},
			},
			{
				What: "server of a is stopped", Mechanism: stopped.Mechanism().Text, Place: "memory",
				Undo: []host.Undo{{
					Node: "a", Reach: "a", Argv: []string{"serve", "a"}, Done: []string{"serves", "a"}, Attended: true,
				}},
			},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the ledger has\n%+v, want\n%+v", got, want)
		}
		if err := errors.Join(d.End(t.Context(), false), db.Close(t.Context())); err != nil {
			t.Error(err)
		}
		if left := l.Contents().Faults; len(left) != 0 {
			t.Errorf("after the drill the ledger has %+v", left)
		}
	})
	if err := l.Remove(); err != nil {
		t.Error(err)
	}
}
