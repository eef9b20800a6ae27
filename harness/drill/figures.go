package drill

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// Figure records something that a step has measured, of a member or, if that
// is "", of all.
func (d *Drill) Figure(member, name string, value float64, unit string) {
	d.event(record.Event{Kind: record.Figure, Member: member, What: name, Value: value, Unit: unit})
}

// Expect records the outage that the cluster's own settings make of what is
// about to be done to it: at most so long, which sum adds up.
func (d *Drill) Expect(event string, most time.Duration, sum string) {
	d.event(record.Event{Kind: record.Expected, What: event, Took: most, Answer: sum})
}

// Progress says how far a long step has got.
func (d *Drill) Progress(done string) { d.event(record.Event{Kind: record.Progress, What: done}) }

// Watch is what is looked at again and again while a drill goes on.
type Watch struct {
	stop context.CancelFunc
	work sync.WaitGroup

	before int64 // memory of the harness when the watch began

	mu   sync.Mutex // guards most
	most int64
}

// WatchLag records every so often how far the standby is behind, and looks at
// the harness' own memory, until the watch is stopped. The end of the drill
// stops it too.
func (d *Drill) WatchLag(ctx context.Context, standby, primary driver.Member, every time.Duration) (*Watch, error) {
	l, ok := d.cfg.Driver.(driver.Lagger)
	if !ok {
		return nil, d.cannot("tell how far a standby is behind")
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the step that began it
	w := &Watch{stop: cancel, before: memory()}
	d.watches = append(d.watches, w)
	w.work.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			w.look()
			if lag, err := l.Lag(ctx, standby, primary); err == nil {
				//nolint:gosec // far below the greatest int64
				d.event(record.Event{Kind: record.Lag, Member: standby.Name, Bytes: int64(lag.Behind())})
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return w, nil
}

// Stop ends the watch and waits for its last look. It may be called again.
func (w *Watch) Stop() {
	w.stop()
	w.work.Wait()
}

// Memory is how much memory the harness had when the watch began and, since,
// at most, in bytes.
func (w *Watch) Memory() (before, most int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.before, max(w.before, w.most)
}

func (w *Watch) look() {
	held := memory()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.most = max(w.most, held)
}

// memory is how much memory this process has: what is resident or, where the
// system does not tell, what the runtime has asked for.
func memory() int64 {
	if held, err := resident(); err == nil {
		return held
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys) //nolint:gosec // far below the greatest int64
}

func resident() (int64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, errors.New("/proc/self/statm has no second field")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
