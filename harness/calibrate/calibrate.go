// Package calibrate finds out how far the probe is wrong. It plays outages of
// known length against a server of its own and compares what is measured with
// what was so.
//
// The server, the probe and the measuring are the same in kind as in a drill:
// TCP connections, the probe's own loops and deadlines, and measure.Of. What
// differs is that the server knows when it was out.
package calibrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/measure"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// Settings are those of the probe that is calibrated. All must be set.
type Settings struct {
	Rate           float64       // attempts a second
	Connect, Reply time.Duration // deadlines
	Baseline       time.Duration // of good service before each outage, to learn from what is healthy
}

// Outage is one to be played.
type Outage struct {
	How    Manner
	Length time.Duration
}

// Trial is one outage that was played, and what was measured of it.
type Trial struct {
	How      Manner
	Truth    time.Duration
	Measured measure.Bracket // of an outage that was not found: from nothing to what the probe may miss
	Seen     bool            // exactly one outage was found, and it was over
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

// clean is the time of good service behind each outage.
const clean = 300 * time.Millisecond

// settle is shorter than in a drill, since nothing here flaps.
const settle = 200 * time.Millisecond

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
			return trials, fmt.Errorf("play a %s of %s: %w", o.How, o.Length, err)
		}
		trials = append(trials, t)
		if done != nil {
			done(t)
		}
	}
	return trials, srv.close()
}

// quick is the length of the outages of Quick: long enough that a blackhole,
// which takes 20 ms to make, is one for most of it.
const quick = 120 * time.Millisecond

// Quick plays one short outage of each manner at the same time. It is what
// every drill begins with.
func Quick(ctx context.Context, s Settings) ([]Trial, error) {
	manners := Manners()
	trials, errs := make([]Trial, len(manners)), make([]error, len(manners))
	var playing sync.WaitGroup
	for i, how := range manners {
		playing.Go(func() {
			one, err := Run(ctx, s, []Outage{{how, quick}}, nil)
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
// to judge a promise of no outage longer than rto: its own interval and what a
// busy machine may add, or a hundredth of the promise if that is more.
func Bound(s Settings, rto time.Duration) time.Duration {
	const machine = 10 * time.Millisecond
	return max(s.interval()+machine, rto/100)
}

func (s Settings) interval() time.Duration { return time.Duration(float64(time.Second) / s.Rate) }

// play plays one outage under a probe of its own.
func (s Settings) play(ctx context.Context, srv *server, o Outage) (Trial, error) {
	t := Trial{How: o.How}
	rec, err := s.observe(ctx, srv.addr, func(note func(record.Event)) (err error) {
		t.Truth, err = srv.suffer(ctx, s.Baseline, o, func() { note(record.Event{Kind: record.Decided}) })
		return err
	})
	if err != nil {
		return t, err
	}
	r := measure.Of(rec)
	t.Stalled = len(r.Stalls) > 0
	t.Measured = r.Downtime.Longest.Bracket
	t.Seen = r.Downtime.Count == 1 && !r.Downtime.Open
	if r.Downtime.Count == 0 {
		t.Measured.Most = r.Streams[0].Unseen
	}
	return t, nil
}

// suffer has the server suffer an outage amid good service, which it begins with
// for so long. It calls before right before the outage.
func (s *server) suffer(
	ctx context.Context, healthy time.Duration, o Outage, before func(),
) (truth time.Duration, err error) {
	if err := wait.Out(ctx, healthy); err != nil {
		return 0, err
	}
	before()
	began, err := s.begin(ctx, o.How)
	if err != nil {
		return 0, err
	}
	waited := wait.Out(ctx, o.Length-time.Since(began))
	ended, err := s.end()
	if err != nil {
		return 0, err
	}
	if waited != nil {
		return 0, waited
	}
	return ended.Sub(began), wait.Out(ctx, clean)
}

// observe runs the probe while something happens, and returns the record.
func (s Settings) observe(
	ctx context.Context, addr string, happens func(note func(record.Event)) error,
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
	p, err := probe.Start(ctx, probe.Config{
		Run: "calibration", Began: began, Journal: w,
		Streams: []probe.Stream{{
			Stream: stream,
			Open: func(ctx context.Context, reached func(context.Context) error) (driver.Session, error) {
				return dial(ctx, addr, reached)
			},
		}},
	})
	if err != nil {
		return nil, err
	}
	happened := happens(func(e record.Event) {
		e.At = time.Since(began)
		w.Event(e)
	})
	if err := p.Stop(); err != nil {
		return nil, err
	}
	if err := w.Close(record.Tail{At: time.Since(began)}); err != nil {
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
