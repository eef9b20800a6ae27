package calibrate

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"drillbook/harness/wait"
)

// ClosedLoop is a probe as scripts and benchmarks have it: a worker waits for its
// answer before it asks again, and so leaves out the attempts that an outage would
// have met.
type ClosedLoop struct {
	Name           string
	Workers        int
	Every          time.Duration // a worker's interval; 0: it asks again as soon as it has its answer
	KeepConn       bool          // whether a worker keeps its connection from one operation to the next
	Connect, Reply time.Duration // deadlines
}

// ClosedLoops returns the closed loops that failover is usually measured with.
func ClosedLoops() []ClosedLoop {
	return []ClosedLoop{
		{"script, 1/s, 5 s/30 s", 1, time.Second, false, 5 * time.Second, 30 * time.Second},
		{"4 workers on a 40 ms ticker, 1 s/3 s", 4, 40 * time.Millisecond, true, time.Second, 3 * time.Second},
		{"5 workers back to back, 2 s/3 s", 5, 0, true, 2 * time.Second, 3 * time.Second},
	}
}

// Observation is what a closed loop saw of one outage.
type Observation struct {
	Kind   OutageKind
	Truth  time.Duration
	Gap    time.Duration // between the successes before and after: what such a probe reports
	Errors int           // operations that failed
}

// Error is the length that the loop reports minus the true one.
func (o Observation) Error() time.Duration { return o.Gap - o.Truth }

// rest is the time between two outages, in which the slowest loop must have
// its successes. It is no whole number of seconds, so that a script that asks
// once a second meets the outages at different times.
const rest = 2700 * time.Millisecond

// service is how long the server of a closed loop takes for an answer, so that workers
// who ask back to back leave the machine to others.
const service = 5 * time.Millisecond

// operation is one attempt of a closed loop.
type operation struct {
	began, done time.Time
	ok          bool
}

// window is when an outage began and ended.
type window struct {
	kind         OutageKind
	began, ended time.Time
}

// RunClosedLoop plays outages, one after the other, and returns what the loop sees of
// each.
func RunClosedLoop(ctx context.Context, l ClosedLoop, outages []Outage) ([]Observation, error) {
	srv, err := newServer(service)
	if err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(ctx)
	operations := make([][]operation, l.Workers)
	var work sync.WaitGroup
	for i := range l.Workers {
		work.Go(func() { operations[i] = l.run(working, srv.addr) })
	}
	windows, err := playAll(ctx, srv, outages)
	stop()
	work.Wait()
	if err := errors.Join(err, srv.close()); err != nil {
		return nil, err
	}
	return observations(windows, slices.Concat(operations...)), nil
}

func playAll(ctx context.Context, srv *server, outages []Outage) ([]window, error) {
	windows := make([]window, 0, len(outages))
	for _, o := range outages {
		if err := wait.Duration(ctx, rest); err != nil {
			return nil, err
		}
		began, err := srv.begin(ctx, o.Kind)
		if err != nil {
			return nil, err
		}
		waited := wait.Duration(ctx, o.Length-time.Since(began))
		ended, err := srv.end()
		if err := errors.Join(waited, err); err != nil {
			return nil, err
		}
		windows = append(windows, window{o.Kind, began, ended})
	}
	return windows, wait.Duration(ctx, rest)
}

// run is one worker: it makes attempts until ctx ends.
func (l ClosedLoop) run(ctx context.Context, addr string) []operation {
	var done []operation
	var c net.Conn
	for next := time.Now(); ctx.Err() == nil; {
		op := operation{began: time.Now()}
		var err error
		c, err = l.attempt(ctx, c, addr)
		op.done, op.ok = time.Now(), err == nil
		done = append(done, op)
		if c != nil && (err != nil || !l.KeepConn) {
			_ = c.Close() // it is broken, or not wanted any more
			c = nil
		}
		// A ticker drops the ticks that come while nobody listens.
		for next = next.Add(l.Every); l.Every > 0 && next.Before(time.Now()); {
			next = next.Add(l.Every)
		}
		if l.Every > 0 && wait.Duration(ctx, time.Until(next)) != nil {
			break
		}
	}
	if c != nil {
		_ = c.Close() // nobody needs it any more
	}
	return done
}

// attempt asks once, over the given connection or, if that is nil, a new one.
func (l ClosedLoop) attempt(ctx context.Context, c net.Conn, addr string) (net.Conn, error) {
	if c == nil {
		d := net.Dialer{Timeout: l.Connect}
		var err error
		if c, err = d.DialContext(ctx, "tcp", addr); err != nil {
			return nil, err
		}
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if err := c.SetDeadline(time.Now().Add(l.Reply)); err != nil {
		return c, err
	}
	_, err := c.Write([]byte("ask\n"))
	if err == nil {
		_, err = bufio.NewReader(c).ReadString('\n')
	}
	return c, err
}

// observations finds, for each outage, the longest time without a success that
// overlaps it.
func observations(windows []window, ops []operation) []Observation {
	slices.SortFunc(ops, func(a, b operation) int { return a.done.Compare(b.done) })
	out := make([]Observation, 0, len(windows))
	for i, w := range windows {
		until := w.ended.Add(rest)
		if i+1 < len(windows) {
			until = windows[i+1].began
		}
		g := Observation{Kind: w.kind, Truth: w.ended.Sub(w.began)}
		var last time.Time
		for _, op := range ops {
			if !op.ok {
				if op.done.After(w.began) && op.began.Before(until) && op.done.Before(until.Add(rest)) {
					g.Errors++
				}
				continue
			}
			if !last.IsZero() && last.Before(w.ended) && op.done.After(w.began) {
				g.Gap = max(g.Gap, op.done.Sub(last))
			}
			last = op.done
		}
		out = append(out, g)
	}
	return out
}
