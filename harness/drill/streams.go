package drill

import (
	"context"
	"slices"
	"strings"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/driver"
	"drillbook/harness/host"
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

// Check reports what is wrong with the settings, for drills of these members.
func (p Probe) Check(members []string) error {
	for _, s := range p.Streams(members, true) {
		if err := probe.Check(s); err != nil {
			return err
		}
	}
	return nil
}

// Streams are the attempts to make: the clients' own first.
func (p Probe) Streams(members []string, registers bool) []record.Stream {
	connect, reply := orElse(p.Connect, defaultConnect), orElse(p.Reply, defaultReply)
	stream := func(name string, kind record.StreamKind, rate float64, tried int) record.Stream {
		s := record.Stream{
			Name: name, Kind: kind, Reply: reply,
			Interval: time.Duration(float64(time.Second) / rate),
			Connect:  time.Duration(tried) * connect,
		}
		s.Sessions = probe.Sessions(s.Interval, s.Reply)
		return s
	}
	all := len(members)
	streams := slices.Grow([]record.Stream{
		stream("write", record.Write, orElse(p.Writes, defaultWrites), all),
		stream("read", record.Reading, orElse(p.Reads, defaultReads), all),
		stream("connect", record.Connect, orElse(p.Connects, defaultConnects), all),
	}, all)
	if registers {
		rate := orElse(p.Registers, defaultRegisters)
		streams = append(streams, stream("put", record.Put, rate, all), stream("get", record.Get, rate, all))
	}
	for _, m := range members {
		s := stream("write to "+m, record.Write, orElse(p.Direct, defaultDirect), 1)
		s.Member = m
		streams = append(streams, s)
	}
	return streams
}

// calibration is the probe of the clients' writes.
func (p Probe) calibration() calibrate.Settings {
	rate := orElse(p.Writes, defaultWrites)
	return calibrate.Settings{
		Rate:    rate,
		Connect: orElse(p.Connect, defaultConnect), Reply: orElse(p.Reply, defaultReply),
		Baseline: max(calibrateBaseline, time.Duration(calibrateAnswers/rate*float64(time.Second))),
	}
}

// The good service that a calibration begins with is short, since every drill
// begins with one, and long enough for a few answers to learn from.
const (
	calibrateBaseline = 300 * time.Millisecond
	calibrateAnswers  = 4
)

// calibrateTries is how often the calibration may be repeated on a machine
// that is busy with other things for a moment.
const calibrateTries = 3

// calibrate has the probe measure outages of known length while the cluster and
// its clients run, so that what they cost this machine is part of the error.
func (d *Drill) calibrate(ctx context.Context) error {
	if d.cfg.Calibrate == nil {
		return nil
	}
	s, bound := d.cfg.Probe.calibration(), d.cfg.Head.Settings.Bound
	for try := 1; ; try++ {
		trials, err := d.cfg.Calibrate(ctx, s, bound)
		if err != nil {
			return err
		}
		good := true
		for _, t := range trials {
			good = good && t.Seen && t.Error().Abs() <= bound
			d.event(record.Event{
				Kind: record.Calibrated, What: string(t.How),
				Took: t.Truth, Least: t.Measured.Least, Most: t.Measured.Most, Unseen: !t.Seen,
			})
		}
		if good || try == calibrateTries {
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

// commandLine is a command as a person would type it.
func commandLine(c host.Command) string {
	words := make([]string, 0, len(c.Argv))
	for _, w := range c.Argv {
		if w == "" || strings.ContainsAny(w, " \t\n'\"$;|&<>()*?") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
