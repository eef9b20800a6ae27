package drill_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// broken is a fault of which nothing works.
type broken struct{ fault.Fault }

var errBroken = errors.New("the host does not answer")

func (broken) Inject(context.Context) error                   { return errBroken }
func (broken) Confirm(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, errBroken }
func (broken) Heal(context.Context) error                     { return errBroken }
func (broken) Healed(context.Context) (phrase.Phrase, error)  { return phrase.Phrase{}, errBroken }

// unseen is a fault of which there is no evidence.
type unseen struct{ fault.Fault }

func (unseen) Confirm(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, errBroken }

// unhealed is a fault whose healing nothing shows.
type unhealed struct{ fault.Fault }

func (unhealed) Healed(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, errBroken }

// TestBlameIsRecorded: for an error the service answers, if nobody else
// does; and whatever wraps the error of a fault blames the fault.
func TestBlameIsRecorded(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := begin(t, fake.New(healthy()), dir, generous())
		freeze := fault.Freeze(r.Cluster.Members[1])
		for _, fails := range []func() error{
			func() error { return r.Inject(t.Context(), broken{freeze}) },
			func() error { return r.Heal(t.Context(), broken{freeze}) },
			func() error { return fmt.Errorf("wrapped: %w", r.Inject(t.Context(), unseen{freeze})) },
			func() error { return r.Heal(t.Context(), unhealed{freeze}) },
			func() error { return r.Promote(t.Context(), r.Cluster.Members[0]) },
			func() error { return drill.Blame(record.BlamePerson, errBroken) },
			func() error { return drill.Blame(record.BlamePerson, nil) },
		} {
			step(t, r.Drill, 1, fails)
		}
		r.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	var got []record.Blame
	for _, e := range rec.Events {
		if e.Kind == record.Ended {
			got = append(got, e.Blame)
			if e.Err == "" && e.Blame != "" {
				t.Errorf("%+v blames somebody for nothing", e)
			}
		}
	}
	want := []record.Blame{"fault", "fault", "fault", "fault", "", "person", ""}
	if !slices.Equal(got, want) {
		t.Errorf("the steps blame %q, want %q", got, want)
	}
}

// TestFailedStartBlamesThePlace, unless it was somebody else.
func TestFailedStartBlamesThePlace(t *testing.T) {
	for _, tt := range []struct {
		unfit error
		want  record.Blame
	}{
		{errBroken, record.BlamePlace},
		{drill.Blame(record.BlameHarness, errBroken), record.BlameHarness},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			db := &withConsole{DB: fake.New(healthy()), unfit: tt.unfit}
			_, err := drill.Begin(t.Context(), drill.Config{
				Head: record.Head{Run: "run"}, Driver: db, Host: db, Members: []string{"a", "b"}, Dir: dir,
			})
			if !errors.Is(err, errBroken) {
				t.Errorf("Begin = %v, want %v", err, errBroken)
			}
		})
		rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
		if err != nil {
			t.Fatal(err)
		}
		if rec.Tail.Blame != tt.want || rec.Tail.Err == "" {
			t.Errorf("tail = %+v, want %q to blame", rec.Tail, tt.want)
		}
	}
}
