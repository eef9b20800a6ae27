package drill

import (
	"context"
	"slices"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// The defaults of [Probe].
const (
	defaultWrites   = 200
	defaultReads    = 50
	defaultConnects = 10
	defaultDirect   = 50
	defaultConnect  = 100 * time.Millisecond
	defaultReply    = 250 * time.Millisecond
)

// streams are the attempts to make: the clients' own first.
func (p Probe) streams(members []string) []record.Stream {
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
	for _, m := range members {
		s := stream("write to "+m, record.Write, orElse(p.Direct, defaultDirect), 1)
		s.Member = m
		streams = append(streams, s)
	}
	return streams
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
	for _, s := range d.cfg.Head.Streams {
		target := driver.Target{Members: d.Cluster.Members, Writable: true}
		if s.Member != "" {
			m, _ := d.Cluster.Member(s.Member) // the streams were made from the members
			target = driver.Target{Members: []driver.Member{m}}
		}
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
