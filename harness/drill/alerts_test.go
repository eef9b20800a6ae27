package drill_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/record"
)

// logging is a database that logs alerts; the logs of b cannot be read.
type logging struct{ *fake.DB }

func (logging) LogFiles(driver.Member) []string { return []string{"/log"} }

func (logging) AlertLines() string { return "^FATAL" }

func (logging) Alerts(lines string, now time.Time) []driver.Alert {
	if !strings.Contains(lines, "FATAL halt") || now.Location().String() != "CST" {
		return nil
	}
	return []driver.Alert{
		{Clock: "yesterday", Age: time.Hour, Level: "ERROR", Text: "before the drill"},
		{Clock: "just now", Age: 5 * time.Second, Level: "FATAL", Code: -7, Instance: "A", Thread: "T1", Text: "halt"},
	}
}

func (l logging) Launch(ctx context.Context, s host.Spec) (host.Node, error) {
	n, err := l.DB.Launch(ctx, s)
	return logged{n}, err
}

func (l logging) Lag(ctx context.Context, standby, primary driver.Member) (driver.Lag, error) {
	return l.DB.Lag(ctx, own(standby), own(primary))
}

func (l logging) Open(ctx context.Context, t driver.Target) (driver.Session, error) {
	t.Members = slices.Clone(t.Members)
	for i, m := range t.Members {
		t.Members[i] = own(m)
	}
	return l.DB.Open(ctx, t)
}

// own is a member as the database knows it.
func own(m driver.Member) driver.Member {
	if n, ok := m.Node.(logged); ok {
		m.Node = n.Node
	}
	return m
}

// logged is a node that takes a while to read its logs, of which looking at its clock is
// the first half.
type logged struct{ host.Node }

func (l logged) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	if !slices.Contains(c.Argv, "^FATAL") {
		return l.Node.Exec(ctx, c)
	}
	time.Sleep(200 * time.Millisecond)
	if l.Name() == "b" {
		return host.Answer{Code: 2, Stderr: "no such folder"}, nil
	}
	return host.Answer{Stdout: "2031-02-03 04:05:06.000 +0800 CST\n99 0 10 /log\nFATAL halt\n" +
		"2031-02-03 04:05:06.100 +0800 CST\n"}, nil
}

// TestAlertsAreRecorded: those of before the drill are not, and one of the drill is as
// old as it says, within what asking the node took beside reading there.
func TestAlertsAreRecorded(t *testing.T) {
	dir := t.TempDir()
	var ended time.Duration
	synctest.Test(t, func(t *testing.T) {
		db, began := fake.New(healthy()), time.Now()
		d, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Runbook: "fake/alerts", Promise: generous()},
			Driver: logging{db}, Host: logging{db}, Members: []string{"a", "b"}, Dir: dir,
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
	for _, e := range rec.Events {
		if e.Kind == record.Alert {
			alerts = append(alerts, e)
		}
	}
	want := record.Logged{Clock: "just now", Level: "FATAL", Code: -7, Instance: "A", Thread: "T1"}
	if len(alerts) != 1 || alerts[0].Member != "a" || alerts[0].Answer != "halt" || *alerts[0].Logged != want {
		t.Fatalf("alerts = %+v, want the one of the drill", alerts)
	}
	if e := alerts[0]; e.Most-e.Least != 100*time.Millisecond || e.Least < ended-6*time.Second ||
		e.Most > ended-5*time.Second {
		t.Errorf("the alert was %s to %s, and the drill ended at %s", e.Least, e.Most, ended)
	}
	if !slices.ContainsFunc(rec.Logs, func(l record.Log) bool {
		return l.Node == "b" && l.Err == "read the logs of b: no such folder"
	}) {
		t.Errorf("the record does not say that the logs of b cannot be read: %v", rec.Logs)
	}
}
