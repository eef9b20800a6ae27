package drill

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// RecordFigure records a figure that a step measured, of a member or, if member
// is "", of the cluster.
func (d *Drill) RecordFigure(member, name string, value float64, unit string) {
	d.event(record.Event{Kind: record.Figure, Member: member, What: name, Value: value, Unit: unit})
}

// RecordExpected records the longest outage that the cluster's settings predict
// for an event. sum shows how it adds up.
func (d *Drill) RecordExpected(event string, most time.Duration, sum phrase.Phrase) {
	d.event(record.Event{Kind: record.Expected, What: event, Took: most, Answer: sum.Text}, sum)
}

// RecordProgress records how far a long step has got.
func (d *Drill) RecordProgress(done string) { d.event(record.Event{Kind: record.Progress, What: done}) }

// LagWatch samples the lag of a standby while a drill goes on.
type LagWatch struct {
	stop context.CancelFunc
	work sync.WaitGroup

	before int64 // memory of the harness when the watch began

	mu   sync.Mutex // guards most
	most int64
}

// WatchLag records at every interval how far the standby is behind, and samples
// the memory of the harness, until the watch is stopped. The end of the drill
// stops it too.
func (d *Drill) WatchLag(ctx context.Context, standby, primary driver.Member, every time.Duration) (*LagWatch, error) {
	l, ok := d.cfg.Driver.(driver.LagReporter)
	if !ok {
		return nil, d.unsupported("tell how far a standby is behind")
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the step that began it
	w := &LagWatch{stop: cancel, before: processMemory()}
	d.lagWatches = append(d.lagWatches, w)
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

// Stop ends the watch and waits for its last sample. It may be called again.
func (w *LagWatch) Stop() {
	w.stop()
	w.work.Wait()
}

// Memory returns the memory of the harness at the start of the watch and at most
// since then, in bytes.
func (w *LagWatch) Memory() (before, most int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.before, max(w.before, w.most)
}

func (w *LagWatch) look() {
	held := processMemory()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.most = max(w.most, held)
}

// processMemory is the resident memory of this process or, where the system does
// not tell that, what the runtime has obtained.
func processMemory() int64 {
	if held, err := residentMemory(); err == nil {
		return held
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys) //nolint:gosec // far below the greatest int64
}

func residentMemory() (int64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, phrase.Errorf("/proc/self/statm has no second field")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
