// Package calibrate determines the error of the probe. It plays outages of known
// length on a server of its own, and compares what is measured with the truth.
//
// The server, the probe and the measuring are the same in kind as in a drill:
// TCP connections, the probe's own loops and deadlines, and measure.Of. What
// differs is that the server knows when it was out.
package calibrate

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// Settings are those of the probe that is calibrated. All must be set.
type Settings struct {
	Rate           float64       // attempts a second
	Connect, Reply time.Duration // deadlines
	Baseline       time.Duration // of good service before each outage, to learn from what is healthy

	open opener // nil: dial
}

// opener opens a session of the probe with the server that will be out.
type opener func(ctx context.Context, addr string, reached func(context.Context) error) (driver.Session, error)

// Outage is one to be played.
type Outage struct {
	Kind   OutageKind
	Length time.Duration
}

// Trial is one outage that was played, and what was measured of it.
type Trial struct {
	Kind     OutageKind
	Truth    time.Duration
	Measured measure.Bracket // of an outage that was not found: from nothing to what the probe may miss
	Seen     bool            // an outage was found that meets the one that was played, and it was over
	Stalled  bool            // the harness stood still meanwhile
}

// Holds reports whether the bracket holds the truth.
func (t Trial) Holds() bool {
	return t.Measured.Least <= t.Truth && t.Truth <= t.Measured.Most
}

// Error is the middle of the bracket less the truth.
func (t Trial) Error() time.Duration {
	return (t.Measured.Least+t.Measured.Most)/2 - t.Truth
}

// Within reports whether the outage was found, with no greater error than bound.
func (t Trial) Within(bound time.Duration) bool { return t.Seen && t.Error().Abs() <= bound }

// settle is shorter than in a drill, since nothing here flaps.
const settle = 200 * time.Millisecond

// clean is the time of good service behind each outage: an attempt must be
// answered, and another one once service has settled.
func (s Settings) clean() time.Duration {
	return max(300*time.Millisecond, 2*s.interval()+settle)
}

// Run plays outages, one after the other, and measures each. It tells done, if
// that is set, of every trial.
func Run(ctx context.Context, s Settings, outages []Outage, done func(Trial)) ([]Trial, error) {
	srv, err := newServer(0)
	if err != nil {
		return nil, err
	}
	trials := make([]Trial, 0, len(outages))
	for _, o := range outages {
		t, err := s.play(ctx, srv, o)
		if err != nil {
			_ = srv.close() // the error before is the one that matters
			return trials, phrase.Errorf("play a %s of %s: %w", o.Kind, o.Length, err)
		}
		trials = append(trials, t)
		if done != nil {
			done(t)
		}
	}
	return trials, srv.close()
}

// Quick plays one short outage of each kind, all at the same time. They are long
// enough for a probe whose error is within bound to see them. Every drill begins
// with this.
func Quick(ctx context.Context, s Settings, bound time.Duration) ([]Trial, error) {
	kinds, length := OutageKinds(), Length(bound)
	trials, errs := make([]Trial, len(kinds)), make([]error, len(kinds))
	var playing sync.WaitGroup
	for i, kind := range kinds {
		playing.Go(func() {
			one, err := Run(ctx, s, []Outage{{kind, length}}, nil)
			if err != nil {
				errs[i] = err
				return
			}
			trials[i] = one[0]
		})
	}
	playing.Wait()
	return trials, errors.Join(errs...)
}

// Bound is the error beyond which a probe of these settings is not good enough
// to judge a promise of no outage longer than rto: a hundredth of the promise,
// but no more than 40 ms, and no less than the probe's own interval and what a
// busy machine may add.
func Bound(s Settings, rto time.Duration) time.Duration {
	const machine, coarsest = 10 * time.Millisecond, 40 * time.Millisecond
	return max(s.interval()+machine, min(rto/100, coarsest))
}

// Length is how long an outage must be at least that tells whether a probe's error
// is within bound: a probe that sees nothing of it must be off by more than that.
// It is also so long that a blackhole, which takes 20 ms to make, is one for most
// of it.
func Length(bound time.Duration) time.Duration { return max(120*time.Millisecond, 3*bound) }

func (s Settings) interval() time.Duration { return time.Duration(float64(time.Second) / s.Rate) }

// play plays one outage under a probe of its own.
func (s Settings) play(ctx context.Context, srv *server, o Outage) (Trial, error) {
	t := Trial{Kind: o.Kind}
	var out measure.Span
	rec, err := s.observe(ctx, srv.addr, func(note func(record.Event), now func() time.Duration) (err error) {
		out, err = s.playOutage(ctx, srv, o, func() { note(record.Event{Kind: record.Decided}) }, now)
		return err
	})
	if err != nil {
		return t, err
	}
	r := measure.Of(rec)
	t.Truth = out.To - out.From
	t.Stalled = len(r.Stalls) > 0
	t.Measured = r.Downtime.Longest.Bracket
	t.Seen = slices.ContainsFunc(r.Outages, func(seen measure.Outage) bool {
		return !seen.Open && !seen.Unmeasured && seen.From < out.To && seen.To > out.From
	})
	if r.Downtime.Count == 0 {
		t.Measured.Most = r.Streams[0].Unseen
	}
	return t, nil
}

// playOutage has the server be out for a while, with good service before and after,
// and returns from when to when. It calls before right before the outage.
func (s Settings) playOutage(
	ctx context.Context, srv *server, o Outage, before func(), now func() time.Duration,
) (out measure.Span, err error) {
	if err := wait.Duration(ctx, s.Baseline); err != nil {
		return out, err
	}
	before()
	began, err := srv.begin(ctx, o.Kind)
	if err != nil {
		return out, err
	}
	waited := wait.Duration(ctx, o.Length-time.Since(began))
	ended, err := srv.end()
	if err != nil {
		return out, err
	}
	if waited != nil {
		return out, waited
	}
	from := now() - time.Since(began)
	return measure.Span{From: from, To: from + ended.Sub(began)}, wait.Duration(ctx, s.clean())
}

// observe runs the probe while something happens, and returns the record.
func (s Settings) observe(
	ctx context.Context, addr string, happens func(note func(record.Event), now func() time.Duration) error,
) (*record.Record, error) {
	interval := s.interval()
	stream := record.Stream{
		Name: "write", Kind: record.Write, Interval: interval,
		Connect: s.Connect, Reply: s.Reply, Sessions: probe.Sessions(interval, s.Reply),
	}
	var journal memory
	began := time.Now()
	w, err := record.NewWriter(&journal, record.Head{
		Streams: []record.Stream{stream}, Settings: record.Settings{Settle: settle},
	})
	if err != nil {
		return nil, err
	}
	open := s.open
	if open == nil {
		open = dial
	}
	p, err := probe.Start(ctx, probe.Config{
		Run: "calibration", Began: began, Journal: w,
		Streams: []probe.Stream{{
			Stream: stream,
			Open: func(ctx context.Context, reached func(context.Context) error) (driver.Session, error) {
				return open(ctx, addr, reached)
			},
		}},
	})
	if err != nil {
		return nil, err
	}
	now := func() time.Duration { return time.Since(began) }
	happened := happens(func(e record.Event) {
		e.At = now()
		w.Event(e)
	}, now)
	if err := p.Stop(); err != nil {
		return nil, err
	}
	if err := w.Close(record.Tail{At: now()}); err != nil {
		return nil, err
	}
	if happened != nil {
		return nil, happened
	}
	return record.Read(&journal.Buffer)
}

// memory is a journal that is not kept.
type memory struct{ bytes.Buffer }

// Sync does nothing: there is no disk.
func (*memory) Sync() error { return nil }
