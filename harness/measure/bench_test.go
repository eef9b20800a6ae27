package measure_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// The streams of the long drill.
const (
	benchWrite = iota
	benchRead
	benchConnect
	benchDirectA
	benchDirectB
)

// every is how often the long drill fails over.
const every = 5 * time.Minute

// marathon is a drill of two members that fail over to each other every five
// minutes, refusing, hanging or swallowing what is sent meanwhile, and losing
// some writes each time. Every stream of a real drill is there.
type marathon struct {
	epochs   bool // members tell them
	split    bool // both members take what is sent straight to them, all the time
	flapping bool // every other write of clients is refused

	rec    *record.Record
	rng    *rand.Rand
	newest uint32 // acknowledged write, which reads show
}

// run lasts for so many attempts.
func (m *marathon) run(attempts int) *record.Record {
	stream := func(name string, kind record.StreamKind, member string, interval time.Duration) record.Stream {
		return record.Stream{
			Name: name, Kind: kind, Member: member, Interval: interval,
			Connect: 100 * ms, Reply: 250 * ms, Sessions: 16,
		}
	}
	m.rng = rand.New(rand.NewPCG(7, 7))
	m.rec = &record.Record{
		Head: record.Head{
			Schema: 1, Members: []string{"a", "b"}, Promise: record.Promise{RTO: time.Minute},
			Steps: []record.Step{{Number: 1}, {Number: 2}},
			Streams: []record.Stream{
				stream("write", record.Write, "", 5*ms), stream("read", record.Reading, "", 10*ms),
				stream("connect", record.Connect, "", 100*ms),
				stream("to a", record.Write, "a", 20*ms), stream("to b", record.Write, "b", 20*ms),
			},
			Settings: record.Settings{Settle: time.Second, Baseline: 2 * time.Second},
		},
		Causes:   []string{"", "connection refused", "no answer"},
		Attempts: make([]record.Attempt, 0, attempts),
	}
	var at time.Duration
	for tick := uint32(0); len(m.rec.Attempts) < attempts; tick++ {
		at = time.Duration(tick) * 5 * ms
		for i, s := range m.rec.Head.Streams {
			if n := uint32(s.Interval / (5 * ms)); tick%n == 0 && len(m.rec.Attempts) < attempts {
				m.try(uint8(i), tick/n+1, at)
			}
		}
	}
	slices.SortFunc(m.rec.Attempts, func(a, b record.Attempt) int { return cmp.Compare(a.Done, b.Done) })
	m.events(at)
	m.copies()
	m.rec.Tail = &record.Tail{At: at + time.Second}
	return m.rec
}

// state is which member is primary, in which epoch, and how long an outage has
// lasted: it begins with every fifth minute.
func state(at time.Duration) (member uint8, epoch uint32, down, left time.Duration) {
	turn := uint32(at / every)
	lasts := time.Second + time.Duration(turn%4)*700*ms
	if into := at % every; turn > 0 && into < lasts {
		return 0, 0, into + 1, lasts - into
	}
	return uint8(turn%2) + 1, turn + 1, 0, 0
}

func (m *marathon) try(stream uint8, seq uint32, at time.Duration) {
	s := &m.rec.Head.Streams[stream]
	late := time.Duration(m.rng.IntN(300)) * time.Microsecond
	a := record.Attempt{Stream: stream, Seq: seq, Intended: at, Sent: at + late}
	a.Done = a.Sent + 500*time.Microsecond + time.Duration(m.rng.ExpFloat64()*float64(300*time.Microsecond))
	member, epoch, down, left := state(at)
	manner := at / every % 3
	switch {
	case down > 0 && manner == 1 && left < s.Reply: // hangs, and answers late
		a.Done, a.Outcome = a.Sent+left+ms, record.Acked
		a.Member, a.Epoch, _, _ = state(at + left)
	case down > 0 && manner != 0:
		a.Done, a.Outcome, a.Expired, a.Cause = a.Sent+s.Reply, record.Unknown, true, 2
	case down == 0 && m.split && s.Member != "":
		a.Outcome, a.Member, a.Epoch = record.Acked, stream-benchDirectA+1, epoch
	case down > 0, s.Member != "" && s.Member != m.rec.Head.Members[member-1],
		m.flapping && stream == benchWrite && seq%2 == 0:
		a.Outcome, a.Cause = record.Refused, 1
	default:
		a.Outcome, a.Member, a.Epoch = record.Acked, member, epoch
	}
	if !m.epochs {
		a.Epoch = 0
	}
	if a.Outcome == record.Acked && stream == benchRead {
		a.Saw = m.newest
	}
	if a.Outcome == record.Acked && stream == benchWrite {
		m.newest = seq
	}
	m.rec.Attempts = append(m.rec.Attempts, a)
}

// events are the faults, the changes of roles, the lag four times a second,
// and now and then a stall.
func (m *marathon) events(end time.Duration) {
	add := func(e record.Event) { m.rec.Events = append(m.rec.Events, e) }
	add(record.Event{Kind: record.Began, Step: 1})
	for at := time.Duration(0); at < end; at += 250 * ms {
		add(record.Event{At: at, Kind: record.Lag, Member: "b", Bytes: int64(at % 1000)})
		if at%(13*time.Second) == 0 {
			add(record.Event{At: at, Kind: record.Stall, Took: 20 * ms})
		}
		if at%every != 0 || at == 0 {
			continue
		}
		fault := fmt.Sprintf("fault %d", at/every)
		next, _, _, _ := state(at + every - 1)
		to := m.rec.Head.Members[next-1]
		add(record.Event{At: at, Kind: record.Prepared, Fault: fault, What: "kill"})
		add(record.Event{At: at, Kind: record.Injected, Fault: fault})
		add(record.Event{At: at + ms, Kind: record.Confirm, Fault: fault, Answer: "exited"})
		add(record.Event{At: at + 300*ms, Kind: record.Decided, Member: to})
		add(record.Event{At: at + 600*ms, Kind: record.Role, Member: to, What: "primary"})
		add(record.Event{At: at + 9*time.Second, Kind: record.Heal, Fault: fault})
		add(record.Event{At: at + 10*time.Second, Kind: record.Healed, Fault: fault, Answer: "running"})
	}
	slices.SortStableFunc(m.rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
}

// copies are what both members hold: all that was acknowledged but for the
// last writes before every second failover, some of the unknown ones, one that
// is there twice, and one that only the standby has.
func (m *marathon) copies() {
	held := make([]record.Stored, 0, len(m.rec.Attempts))
	for i := range m.rec.Attempts {
		a := &m.rec.Attempts[i]
		lost := a.Done%(2*every) > 2*every-20*ms
		if m.rec.Head.Streams[a.Stream].Kind == record.Write &&
			(a.Outcome == record.Acked && !lost || a.Outcome == record.Unknown && a.Seq%5 == 0) {
			held = append(held, record.Stored{Seq: a.Seq, Stream: a.Stream, Member: a.Member})
		}
	}
	held = slices.Clip(held)
	other := make([]record.Stored, 0, len(held)+2)
	other = append(append(other, held...), held[len(held)/2], record.Stored{Seq: 1 << 30, Stream: benchWrite})
	m.rec.Copies = []record.Copy{
		{Member: "a", Role: "primary", Final: true, Synced: true, Tokens: held},
		{Member: "b", Role: "standby", Final: true, Synced: true, Tokens: other},
	}
}

// BenchmarkOf measures long drills. The peak is of the whole process while it
// measures, the record included.
func BenchmarkOf(b *testing.B) {
	for _, kind := range []struct {
		name  string
		of    marathon
		sizes []int
	}{
		{"failovers", marathon{epochs: true}, []int{1_000_000, 3_000_000, 10_000_000}},
		{"without-epochs", marathon{}, []int{1_000_000, 10_000_000}},
		{"split", marathon{split: true}, []int{1_000_000, 10_000_000}},
		{"flapping", marathon{epochs: true, flapping: true}, []int{1_000_000, 10_000_000}},
	} {
		for _, size := range kind.sizes {
			b.Run(fmt.Sprintf("%s/attempts=%d", kind.name, size), func(b *testing.B) {
				benchmarkOf(b, kind.of.run(size))
			})
		}
	}
}

func benchmarkOf(b *testing.B, rec *record.Record) {
	b.Helper()
	debug.FreeOSMemory()
	resetPeak()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var got measure.Result
	for b.Loop() {
		got = measure.Of(rec)
	}
	runtime.ReadMemStats(&after)
	all := float64(b.N) * float64(len(rec.Attempts))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/attempt")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/all, "B/attempt")
	if peak := peakRSS(); peak > 0 {
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	}
	if len(got.Outages) == 0 || len(got.Writes.Lost) == 0 || len(got.Writes.Duplicated) != 1 ||
		len(got.Writes.Diverged) == 0 {
		b.Fatalf("%d outages, %d lost, %d duplicated, %d diverged: the record is not measured in full",
			len(got.Outages), len(got.Writes.Lost), len(got.Writes.Duplicated), len(got.Writes.Diverged))
	}
}

// resetPeak lets peakRSS begin anew, where the system can do that.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakRSS is the most memory that this process had resident, in bytes; 0 where
// the system does not tell.
func peakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "VmHWM:" {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kb * 1024
		}
	}
	return 0
}
