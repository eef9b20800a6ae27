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
	"drillbook/harness/record"
)

// logging is a database that logs alerts; the logs of b cannot be read.
type logging struct{ *fake.DB }

func (logging) Alerts(_ context.Context, m driver.Member) ([]driver.Alert, error) {
	time.Sleep(200 * time.Millisecond) // it takes a while to read them
	if m.Name == "b" {
		return nil, errors.New("no such folder")
	}
	return []driver.Alert{
		{Clock: "yesterday", Age: time.Hour, Level: "ERROR", Text: "before the drill"},
		{Clock: "just now", Age: 5 * time.Second, Level: "FATAL", Code: -7, Instance: "A", Thread: "T1", Text: "halt"},
	}, nil
}

// TestAlertsAreRecorded: those of before the drill are not, and one of the drill is as
// old as it says, within half the time that reading took.
func TestAlertsAreRecorded(t *testing.T) {
	dir := t.TempDir()
	var ended time.Duration
	synctest.Test(t, func(t *testing.T) {
		db, began := fake.New(healthy()), time.Now()
		d, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Runbook: "fake/alerts", Promise: generous()},
			Driver: logging{db}, Host: db, Members: []string{"a", "b"}, Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if err := d.End(t.Context(), false); err != nil {
			t.Error(err)
		}
		ended = time.Since(began)
		if err := db.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	var alerts []record.Event
	said := []string{}
	for _, e := range rec.Events {
		if e.Kind == record.Alert {
			alerts = append(alerts, e)
		}
		if e.Kind == record.Note {
			said = append(said, e.Err)
		}
	}
	want := record.Logged{Clock: "just now", Level: "FATAL", Code: -7, Instance: "A", Thread: "T1"}
	if len(alerts) != 1 || alerts[0].Member != "a" || alerts[0].Answer != "halt" || *alerts[0].Logged != want {
		t.Fatalf("alerts = %+v, want the one of the drill", alerts)
	}
	if e := alerts[0]; e.Most-e.Least != 200*time.Millisecond || e.Least < ended-6*time.Second ||
		e.Most > ended-5*time.Second {
		t.Errorf("the alert was %s to %s, and the drill ended at %s", e.Least, e.Most, ended)
	}
	if !strings.Contains(strings.Join(said, "\n"), "read the alerts of b: no such folder") {
		t.Errorf("the record does not say that the logs of b cannot be read: %q", said)
	}
}
