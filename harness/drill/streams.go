package drill

import (
	"context"
	"slices"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// The defaults of [Probe].
const (
	defaultWrites    = 200
	defaultReads     = 50
	defaultConnects  = 10
	defaultDirect    = 50
	defaultRegisters = 20
	defaultConnect   = 100 * time.Millisecond
	defaultReply     = 250 * time.Millisecond
)

// Or fills in from another probe what is not set.
func (p Probe) Or(q Probe) Probe {
	return Probe{
		Writes: orElse(p.Writes, q.Writes), Reads: orElse(p.Reads, q.Reads), Connects: orElse(p.Connects, q.Connects),
		Direct: orElse(p.Direct, q.Direct), Registers: orElse(p.Registers, q.Registers),
		Connect: orElse(p.Connect, q.Connect), Reply: orElse(p.Reply, q.Reply),
	}
}

// withDefaults is the probe with everything set.
func (p Probe) withDefaults() Probe {
	return p.Or(Probe{
		Writes: defaultWrites, Reads: defaultReads, Connects: defaultConnects, Direct: defaultDirect,
		Registers: defaultRegisters, Connect: defaultConnect, Reply: defaultReply,
	})
}

// Streams are the attempts to make: the clients' own first.
func (p Probe) Streams(members []string, registers bool) []record.Stream {
	p = p.withDefaults()
	stream := func(name string, kind record.StreamKind, rate float64, tried int) record.Stream {
		s := record.Stream{
			Name: name, Kind: kind, Reply: p.Reply,
			Interval: interval(rate),
			Connect:  time.Duration(tried) * p.Connect,
		}
		s.Sessions = probe.Sessions(s.Interval, s.Reply)
		return s
	}
	all := len(members)
	streams := slices.Grow([]record.Stream{
		stream("write", record.Write, p.Writes, all),
		stream("read", record.Reading, p.Reads, all),
		stream("connect", record.Connect, p.Connects, all),
	}, all)
	if registers {
		streams = append(streams,
			stream("put", record.Put, p.Registers, all), stream("get", record.Get, p.Registers, all))
	}
	for _, m := range members {
		s := stream("write to "+m, record.Write, p.Direct, 1)
		s.Member = m
		streams = append(streams, s)
	}
	return streams
}

// interval is that of so many attempts a second; of 0, of the usual writes.
func interval(rate float64) time.Duration {
	return time.Duration(float64(time.Second) / orElse(rate, defaultWrites))
}

// calibration is the probe of the clients' writes.
func (p Probe) calibration() calibrate.Settings {
	p = p.withDefaults()
	return calibrate.Settings{
		Rate:    p.Writes,
		Connect: p.Connect, Reply: p.Reply,
		Baseline: max(calibrateBaseline, time.Duration(calibrateAnswers/p.Writes*float64(time.Second))),
	}
}

// The good service that a calibration begins with is short, since every drill
// begins with one, and long enough for a few answers to learn from.
const (
	calibrateBaseline = 300 * time.Millisecond
	calibrateAnswers  = 4
)

// How often a calibration is repeated, for the manners of outage in which it is not
// good: the machine may be busy with other things for a moment. One in which the
// harness stood still says more of that than of the probe.
const (
	calibrateTries = 3
	calibrateMost  = 10 // with those in which it stood still
)

// calibrate has the probe measure outages of known length while the cluster and
// its clients run, so that what they cost this machine is part of the error.
func (d *Drill) calibrate(ctx context.Context) error {
	if d.cfg.Calibrate == nil {
		return nil
	}
	s, bound := d.cfg.Probe.calibration(), d.cfg.Head.Settings.Bound
	tries, passed := 0, map[calibrate.OutageKind]bool{}
	for all := 1; ; all++ {
		trials, err := d.cfg.Calibrate(ctx, s, bound)
		if err != nil {
			return err
		}
		good, stalled := true, false
		for _, t := range trials {
			if passed[t.Kind] {
				continue
			}
			passed[t.Kind] = t.Seen && t.Error().Abs() <= bound
			if !passed[t.Kind] {
				good, stalled = false, stalled || t.Stalled
			}
			d.event(record.Event{
				Kind: record.Calibrated, What: string(t.Kind),
				Took: t.Truth, Least: t.Measured.Least, Most: t.Measured.Most, Unseen: !t.Seen,
			})
		}
		if !stalled {
			tries++
		}
		if good || tries == calibrateTries || all == calibrateMost {
			return nil
		}
	}
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// openers gives every stream the way to whom it is about.
func (d *Drill) openers() []probe.Stream {
	streams := make([]probe.Stream, 0, len(d.cfg.Head.Streams))
	for i, s := range d.cfg.Head.Streams {
		target := d.target(i)
		streams = append(streams, probe.Stream{
			Stream: s,
			Open: func(ctx context.Context, reached func(context.Context) error) (driver.Session, error) {
				t := target
				t.Reached = reached
				return d.cfg.Driver.Open(ctx, t)
			},
		})
	}
	return streams
}

// target is whom the attempts of stream i are addressed to.
func (d *Drill) target(i int) driver.Target {
	s := d.cfg.Head.Streams[i]
	if s.Member == "" {
		return driver.Target{Members: d.Cluster.Members, Writable: true}
	}
	m, _ := d.Cluster.Member(s.Member) // the streams were made from the members
	return driver.Target{Members: d.direct(m)}
}
