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
	defaultRoles     = 20
)

// roleWithin is how long a member may take at least to say its role.
const roleWithin = 250 * time.Millisecond

// Or sets the fields of p that are not set to those of q.
func (p Probe) Or(q Probe) Probe {
	return Probe{
		Writes: orElse(p.Writes, q.Writes), Reads: orElse(p.Reads, q.Reads), Connects: orElse(p.Connects, q.Connects),
		Direct: orElse(p.Direct, q.Direct), Registers: orElse(p.Registers, q.Registers),
		Connect: orElse(p.Connect, q.Connect), Reply: orElse(p.Reply, q.Reply),
		Roles: orElse(p.Roles, q.Roles), ReadOnly: p.ReadOnly || q.ReadOnly,
	}
}

// withDefaults returns p with all fields set.
func (p Probe) withDefaults() Probe {
	return p.Or(Probe{
		Writes: defaultWrites, Reads: defaultReads, Connects: defaultConnects, Direct: defaultDirect,
		Registers: defaultRegisters, Connect: defaultConnect, Reply: defaultReply, Roles: defaultRoles,
	})
}

// askRoles is how often members are asked for their roles, and how long each may take.
func (p Probe) askRoles() (every, within time.Duration) {
	p = p.withDefaults()
	return interval(p.Roles), max(roleWithin, p.Connect+p.Reply)
}

// Streams returns the streams of a drill, those of the clients first. The members
// are those that hold data.
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
	if p.ReadOnly {
		return []record.Stream{
			stream("read", record.Reading, p.Reads, all), stream("connect", record.Connect, p.Connects, all),
		}
	}
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

// interval is the interval of a rate per second; of 0, that of the default rate
// of writes.
func interval(rate float64) time.Duration {
	return time.Duration(float64(time.Second) / orElse(rate, defaultWrites))
}

// Calibration returns the settings for calibrating the probe of clients' writes.
func (p Probe) Calibration() calibrate.Settings {
	p = p.withDefaults()
	return calibrate.Settings{
		Rate:    p.Writes,
		Connect: p.Connect, Reply: p.Reply,
		Baseline: max(calibrateBaseline, time.Duration(calibrateAnswers/p.Writes*float64(time.Second))),
	}
}

// Before an outage, a calibration lets service run for a time that is short, since
// every drill begins with a calibration, but long enough to learn from a few answers.
const (
	calibrateBaseline = 300 * time.Millisecond
	calibrateAnswers  = 4
)

// A calibration is repeated for the kinds of outage that were measured badly, since the
// machine may have been busy for a moment. One with a stall of the harness does not
// count as a try, since it tells nothing about the probe.
const (
	calibrateTries = 3
	calibrateMost  = 10 // with those that had a stall
)

// calibrate has the probe measure outages of known length while the cluster and
// its clients run, so that their load on this machine is part of the error.
func (d *Drill) calibrate(ctx context.Context) error {
	if d.cfg.Calibrate == nil {
		return nil
	}
	s, bound := d.cfg.Probe.Calibration(), d.cfg.Head.Settings.Bound
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

// probeStreams returns the streams with the functions that open their sessions.
func (d *Drill) probeStreams() []probe.Stream {
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

// target returns whom the attempts of stream i go to.
func (d *Drill) target(i int) driver.Target {
	s := d.cfg.Head.Streams[i]
	if s.Member == "" {
		return driver.Target{Members: d.Cluster.Holders(), Writable: true}
	}
	m, _ := d.Cluster.Member(s.Member) // the streams were made from the members
	return driver.Target{Members: d.direct(m)}
}
