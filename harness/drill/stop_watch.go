package drill

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// How often it is looked whether a condition holds, and how long asking for lag may take.
const (
	stopEvery = 100 * time.Millisecond
	lagEvery  = time.Second
	lagWithin = 3 * time.Second
)

// StopWatch watches for the conditions of a [StopIf].
type StopWatch struct {
	drill   *Drill
	is      StopIf
	reached chan phrase.Phrase
	end     context.CancelFunc
	work    sync.WaitGroup
}

// WatchStop watches until a condition holds or End is called.
func (d *Drill) WatchStop(ctx context.Context, s StopIf) *StopWatch {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	w := &StopWatch{drill: d, is: s, reached: make(chan phrase.Phrase, 1), end: end}
	if s.Outage > 0 || s.Split {
		var t turns
		w.work.Go(func() { w.look(ctx, stopEvery, func(context.Context) phrase.Phrase { return w.service(&t) }) })
	}
	if s.LagBytes > 0 || s.LagTime > 0 {
		behind := map[string]*lagClock{}
		w.work.Go(func() {
			w.look(ctx, lagEvery, func(ctx context.Context) phrase.Phrase { return w.lag(ctx, behind) })
		})
	}
	return w
}

// Reached gets why the drill is to end, once.
func (w *StopWatch) Reached() <-chan phrase.Phrase { return w.reached }

// End ends the watch, and returns once it has ended. It may be called again.
func (w *StopWatch) End() {
	w.end()
	w.work.Wait()
}

// look asks again and again whether a condition holds, and records the first that does.
func (w *StopWatch) look(ctx context.Context, every time.Duration, holds func(context.Context) phrase.Phrase) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		why := holds(ctx)
		if why.Text == "" || ctx.Err() != nil {
			continue
		}
		select {
		case w.reached <- why:
			w.drill.RecordFinding(phrase.Say("ended by its own condition"), phrase.Phrase{}, phrase.Errorf("%s", why))
		default: // the other one was first
		}
		return
	}
}

// service says whether clients are out for too long, or two members take writes.
func (w *StopWatch) service(t *turns) phrase.Phrase {
	h, now := w.drill.Health()
	if w.is.Outage > 0 && h.Out(now) > w.is.Outage {
		return phrase.Say("clients were not served for longer than %s", w.is.Outage)
	}
	if !w.is.Split {
		return phrase.Phrase{}
	}
	acks := map[string]probe.Health{}
	for i, s := range w.drill.cfg.Head.Streams {
		if s.Kind == record.Write && s.Member != "" && w.drill.observer.Roles()[s.Member] == driver.Primary {
			acks[s.Member], _ = w.drill.probe.Health(i)
		}
	}
	if first, second := t.see(now, acks); first != "" {
		return phrase.Say("%s and %s take writes at the same time", first, second)
	}
	return phrase.Phrase{}
}

// turns tells whether members that call themselves primary at the same time acknowledge writes
// in turn: each was sent after the one before was acknowledged. Three do, since a change of
// roles makes two.
type turns struct {
	both  bool
	last  string        // who acknowledged the last one
	done  time.Duration // when
	count int
}

const turnsOfSplit = 3

// see takes the last acknowledgements of all who call themselves primary.
func (t *turns) see(now time.Duration, acks map[string]probe.Health) (first, second string) {
	if len(acks) < 2 {
		*t = turns{}
		return "", ""
	}
	if !t.both {
		*t = turns{both: true, done: now}
		return "", ""
	}
	for _, name := range slices.Sorted(maps.Keys(acks)) {
		h := acks[name]
		if name == t.last || h.LastAsked <= t.done {
			continue
		}
		before := t.last
		t.last, t.done, t.count = name, h.LastAck, t.count+1
		if t.count >= turnsOfSplit {
			return min(before, name), max(before, name)
		}
	}
	return "", ""
}

// lag says whether a standby is too far behind the one primary. Of one that cannot be asked
// nothing is known.
func (w *StopWatch) lag(ctx context.Context, all map[string]*lagClock) phrase.Phrase {
	primary, standbys := w.pair()
	if primary.Name == "" {
		clear(all)
		return phrase.Phrase{}
	}
	tells, _ := w.drill.cfg.Driver.(driver.LagReporter)
	for _, m := range standbys {
		began := w.drill.now()
		asking, done := context.WithTimeout(ctx, lagWithin)
		lag, err := tells.Lag(asking, m, primary)
		done()
		if err != nil {
			continue
		}
		c := all[m.Name]
		if c == nil || c.primary != primary.Name {
			c = &lagClock{primary: primary.Name}
			all[m.Name] = c
		}
		late := c.see(began, w.drill.now(), lag)
		switch {
		case w.is.LagBytes > 0 && lag.Behind() > w.is.LagBytes:
			return phrase.Say("%s is %d bytes behind %s, more than %d", m.Name, lag.Behind(), primary.Name,
				w.is.LagBytes)
		case w.is.LagTime > 0 && late > w.is.LagTime:
			return phrase.Say("%s lacks what %s had written more than %s ago", m.Name, primary.Name, w.is.LagTime)
		}
	}
	return phrase.Phrase{}
}

// pair is the one member that calls itself primary, and those that call themselves standbys.
func (w *StopWatch) pair() (primary driver.Member, standbys []driver.Member) {
	roles := w.drill.observer.Roles()
	for _, m := range w.drill.Cluster.Holders() {
		switch {
		case roles[m.Name] == driver.Standby:
			standbys = append(standbys, m)
		case roles[m.Name] != driver.Primary:
		case primary.Name != "":
			return driver.Member{}, nil // two of them
		default:
			primary = m
		}
	}
	return primary, standbys
}

// lagClock tells for how long a standby has lacked something. No clock of another machine is
// asked.
type lagClock struct {
	primary string
	lacks   []lagMark // in their order
}

// lagMark is a position that the primary had written by a time.
type lagMark struct {
	at      time.Duration
	written uint64
}

// see takes a sample that was taken between began and ended, and returns the least time for
// which the standby has lacked something.
func (c *lagClock) see(began, ended time.Duration, lag driver.Lag) time.Duration {
	there, _ := slices.BinarySearchFunc(c.lacks, lag.Applied+1, func(m lagMark, at uint64) int {
		return cmp.Compare(m.written, at)
	})
	c.lacks = slices.Delete(c.lacks, 0, there)
	late := time.Duration(0)
	if len(c.lacks) > 0 {
		late = began - c.lacks[0].at
	}
	if n := len(c.lacks); lag.Written > lag.Applied && (n == 0 || c.lacks[n-1].written < lag.Written) {
		c.lacks = append(c.lacks, lagMark{ended, lag.Written})
	}
	return late
}
