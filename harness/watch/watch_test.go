package watch_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/watch"
)

// service is a database of one server, which may be out.
type service struct {
	mu     sync.Mutex // guards all
	out    bool
	stored []driver.Stored
}

func (s *service) Product() driver.Description {
	return driver.Description{Name: "one", Title: phrase.Quote("One")}
}

func (s *service) Plan(driver.Seat) (host.Spec, error) { return host.Spec{}, errors.ErrUnsupported }

func (s *service) Prepare(context.Context, driver.Member) error { return nil }

func (s *service) Open(context.Context, driver.Target) (driver.Session, error) {
	return session{s}, nil
}

func (s *service) set(out bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = out
}

type session struct{ of *service }

func (s session) Write(_ context.Context, t driver.Token) (driver.Ack, error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.of.out {
		return driver.Ack{}, driver.ErrRefused
	}
	s.of.stored = append(s.of.stored, driver.Stored{Stream: t.Stream, Seq: t.Seq, Member: "h:1"})
	return driver.Ack{Member: "h:1"}, nil
}

func (s session) Read(context.Context, string, int) (driver.Seen, error) {
	return driver.Seen{Seq: 1e6}, nil
}

func (s session) Role(context.Context) (driver.Role, error) { return driver.Primary, nil }

func (s session) Tokens(context.Context, string) ([]driver.Stored, error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	return slices.Clone(s.of.stored), nil
}

func (s session) Close() error { return nil }

// run watches the service; act is what the person does, once they may begin.
func run(t *testing.T, cfg watch.Config, act func(s *service, press func(string))) (*record.Record, error) {
	t.Helper()
	s, lines := &service{}, make(chan string)
	dir := t.TempDir()
	cfg.Lines = lines
	cfg.Drill.Driver, cfg.Drill.Members, cfg.Drill.Dir = s, []string{"h:1"}, dir
	cfg.Drill.Probe = drill.Probe{Writes: 20, Direct: 5, Connects: 2}
	cfg.Drill.Head.Run = "r"
	cfg.Drill.Head.Watched = &record.Watched{By: "somebody"}
	var acting sync.WaitGroup
	cfg.Began = func(*drill.Drill) {
		acting.Go(func() { act(s, func(line string) { lines <- line }) })
	}
	err := watch.Run(t.Context(), cfg)
	acting.Wait()
	rec, unread := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if unread != nil {
		t.Fatal(unread)
	}
	return rec, err
}

// Lines are steps of their own, until a q.
func TestMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var news []watch.Topic
		cfg := watch.Config{Tell: func(n watch.News) { news = append(news, n.Topic) }}
		cfg.Drill.Head.Promise = record.Promise{RTO: 5 * time.Second}
		rec, err := run(t, cfg, func(s *service, press func(string)) {
			press(" pulled the cable ")
			s.set(true)
			time.Sleep(2 * time.Second)
			press("")
			s.set(false)
			time.Sleep(5 * time.Second)
			press("Q")
		})
		if err != nil {
			t.Fatal(err)
		}
		r := measure.Of(rec)
		if r.Verdict != measure.Met || len(r.Steps) != 2 || r.Steps[0].Title.In("en") != "pulled the cable" ||
			r.Steps[1].Title.In("en") != "2" || r.Steps[0].Downtime.Count != 1 || r.Steps[1].Outcome != measure.Passed {
			t.Errorf("%s, steps %+v, %+v", r.Verdict, r.Steps, r.Reasons)
		}
		want := []watch.Topic{watch.StepIs, watch.Failing, watch.StepIs, watch.Served, watch.Ending}
		if !slices.Equal(news, want) {
			t.Errorf("news = %v, want %v", news, want)
		}
	})
}

// With a runbook, an empty line is the next step, and a text belongs to the current one.
func TestRunbookSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cfg watch.Config
		cfg.Drill.Head.Steps = []record.Step{{Number: 1}, {Number: 2}}
		rec, _ := run(t, cfg, func(_ *service, press func(string)) {
			for _, line := range []string{"", "a remark", "", "", "", "quit"} {
				press(line)
				time.Sleep(time.Second)
			}
		})
		r := measure.Of(rec)
		if len(r.Steps) != 2 || r.Steps[0].Took != 2*time.Second || r.Steps[1].Outcome != measure.Passed {
			t.Errorf("steps = %+v, want the two of the runbook", r.Steps)
		}
		i := slices.IndexFunc(rec.Events, func(e record.Event) bool { return e.What == "a remark" })
		if i < 0 || rec.Events[i].Step != 1 || rec.Events[i].Kind != record.Marked {
			t.Errorf("the remark is not in step 1: %+v", rec.Events)
		}
	})
}

// An outage that lasts longer than the condition allows ends the watch, and is not healed.
func TestStopIf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := watch.Config{StopIf: drill.StopIf{Outage: 3 * time.Second}}
		rec, err := run(t, cfg, func(s *service, _ func(string)) {
			s.set(true)
			time.Sleep(2 * time.Second)
			s.set(false)
			time.Sleep(3 * time.Second)
			s.set(true)
		})
		if !errors.Is(err, watch.ErrStopped) {
			t.Errorf("it ended with %v", err)
		}
		if r := measure.Of(rec); !r.Downtime.Open || r.Downtime.Count != 2 || r.Downtime.Main.Least > 6*time.Second {
			t.Errorf("downtime = %+v, want two outages, the last open", r.Downtime)
		}
	})
}

// The time ends it, also when nobody types any more.
func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lasted time.Duration
		began := time.Now()
		cfg := watch.Config{For: 10 * time.Second}
		cfg.Tell = func(n watch.News) {
			if n.Topic == watch.TimeIsUp {
				lasted = time.Since(began)
			}
		}
		_, err := run(t, cfg, func(*service, func(string)) { began = time.Now() })
		if err != nil || lasted < 9*time.Second || lasted > 11*time.Second {
			t.Errorf("it lasted %s: %v", lasted, err)
		}
	})
}
