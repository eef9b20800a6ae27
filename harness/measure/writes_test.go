package measure_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// story is a record told by hand: writes of stream 0 by clients, 1 and 2
// straight to a and b, reads of stream 3.
type story struct{ rec record.Record }

func tell() *story {
	stream := func(name string, kind record.StreamKind, member string) record.Stream {
		return record.Stream{
			Name: name, Kind: kind, Member: member, Interval: 10 * ms, Connect: 100 * ms, Reply: 100 * ms, Sessions: 9,
		}
	}
	return &story{record.Record{
		Head: record.Head{
			Schema: 1, Members: []string{"a", "b"}, Promise: record.Promise{RTO: time.Minute},
			Streams: []record.Stream{
				stream("write", record.Write, ""), stream("to a", record.Write, "a"), stream("to b", record.Write, "b"),
				stream("read", record.Reading, ""),
			},
			Settings: record.Settings{Settle: time.Second, Baseline: 0},
		},
		Causes: []string{"", "no"},
		Tail:   &record.Tail{At: 20 * time.Second},
	}}
}

// attempt adds one that was sent at a time, in milliseconds, and took one.
func (s *story) attempt(stream uint8, seq uint32, at int, o record.Outcome, more ...func(*record.Attempt)) *story {
	sent := time.Duration(at) * ms
	a := record.Attempt{Stream: stream, Seq: seq, Intended: sent, Sent: sent, Done: sent + ms, Outcome: o}
	for _, m := range more {
		m(&a)
	}
	s.rec.Attempts = append(s.rec.Attempts, a)
	return s
}

func by(member uint8, epoch uint32) func(*record.Attempt) {
	return func(a *record.Attempt) { a.Member, a.Epoch = member, epoch }
}

func took(d time.Duration) func(*record.Attempt) {
	return func(a *record.Attempt) { a.Done = a.Sent + d }
}

func waited(d time.Duration) func(*record.Attempt) {
	return func(a *record.Attempt) { a.Wait = uint32(d / time.Microsecond) }
}

func saw(seq uint32) func(*record.Attempt) { return func(a *record.Attempt) { a.Saw = seq } }

// holds adds the final copy of a member.
func (s *story) holds(member, role string, seqs ...uint32) *story {
	c := record.Copy{Member: member, Role: role, Final: true, Synced: true}
	for _, n := range seqs {
		c.Tokens = append(c.Tokens, record.Stored{Seq: n, Member: 1})
	}
	s.rec.Copies = append(s.rec.Copies, c)
	return s
}

func (s *story) decided(member string, at int) *story {
	s.rec.Events = append(s.rec.Events, record.Event{At: time.Duration(at) * ms, Kind: record.Decided, Member: member})
	return s
}

func (s *story) measure() measure.Result { return measure.Of(&s.rec) }

func seqs(tokens []measure.Token) []uint32 {
	ns := make([]uint32, 0, len(tokens))
	for _, t := range tokens {
		ns = append(ns, t.Seq)
	}
	return ns
}

func TestLedger(t *testing.T) {
	w := tell().
		attempt(0, 1, 10, record.Acked, by(1, 1)).
		attempt(0, 2, 20, record.Acked, by(1, 1)). // lost
		attempt(0, 3, 30, record.Unknown).         // stored
		attempt(0, 4, 40, record.Unknown).         // not stored
		attempt(0, 5, 50, record.Refused).         // stored all the same
		attempt(0, 6, 60, record.Acked, by(1, 1)). // lost
		attempt(0, 7, 70, record.Acked, by(1, 1)). // stored twice
		attempt(0, 8, 80, record.Acked, by(1, 1)). // only on b
		holds("b", "primary", 1, 3, 5, 7, 7, 8, 99).
		holds("a", "standby", 1, 3, 5, 7, 7, 99).
		measure().Writes
	if w.Acked != 5 || w.Unknown != 2 || w.Refused != 1 {
		t.Errorf("acked, unknown, refused = %d, %d, %d, want 5, 2, 1", w.Acked, w.Unknown, w.Refused)
	}
	if got := seqs(w.Lost); len(got) != 2 || got[0] != 2 || got[1] != 6 {
		t.Errorf("lost = %v, want 2 and 6", got)
	}
	if w.OldestLost != 40*ms {
		t.Errorf("oldest lost = %s, want 40ms before the last one lost", w.OldestLost)
	}
	if w.AppliedUnknown != 1 {
		t.Errorf("unknown but stored = %d, want 1", w.AppliedUnknown)
	}
	if got := seqs(w.Phantom); len(got) != 2 || got[0] != 5 || got[1] != 99 {
		t.Errorf("phantom = %v, want 5, which was refused, and 99, which nobody sent", got)
	}
	if got := seqs(w.Duplicated); len(got) != 1 || got[0] != 7 {
		t.Errorf("duplicated = %v, want 7, once for both members", got)
	}
	if got := seqs(w.Diverged); len(got) != 1 || got[0] != 8 {
		t.Errorf("diverged = %v, want 8", got)
	}
}

// How old a loss is counts up to the end of service that it belongs to, and not to
// one that came later and lasted longer.
func TestOldestLostEndsWithItsOwnOutage(t *testing.T) {
	for _, tt := range []struct {
		name string
		lost []int // times
		want time.Duration
	}{
		{"before the first outage", []int{960, 980}, 30 * ms},
		{"before both", []int{960, 2980}, 30 * ms},
		{"without an outage behind it", []int{3500, 3600}, 100 * ms},
		{"on both sides of the first", []int{960, 1200, 2980}, 2030 * ms},
	} {
		s := tell().serve(100, 1000, record.Acked).serve(1000, 1200, record.Refused).
			serve(1200, 3000, record.Acked).serve(3000, 3400, record.Refused).serve(3400, 6000, record.Acked)
		s.rec.Head.Settings.Settle = 500 * ms
		s.holds("a", "primary")
		for at := 100; at < 6000; at += 10 {
			if !slices.Contains(tt.lost, at) {
				s.rec.Copies[0].Tokens = append(s.rec.Copies[0].Tokens, record.Stored{Seq: uint32(at / 10)})
			}
		}
		got := s.measure()
		if len(got.Writes.Lost) != len(tt.lost) || got.Downtime.Count != 2 {
			t.Fatalf("%s: lost %v in %d outages", tt.name, seqs(got.Writes.Lost), got.Downtime.Count)
		}
		if got.Writes.OldestLost != tt.want {
			t.Errorf("%s: the oldest was %s old, want %s", tt.name, got.Writes.OldestLost, tt.want)
		}
	}
}

// A number that nobody sent must not cost memory for all the numbers below it.
func TestHighSequenceNumbersNeedLittleMemory(t *testing.T) {
	s := tell().attempt(0, 1, 10, record.Acked, by(1, 1)).
		holds("b", "primary", 1, math.MaxUint32, math.MaxUint32).holds("a", "standby", 1, math.MaxUint32)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := s.measure().Writes
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("measuring took %d bytes", used)
	}
	if len(w.Phantom) != 2 || len(w.Duplicated) != 1 || len(w.Diverged) != 0 || len(w.Lost) != 0 {
		t.Errorf("phantom %v, duplicated %v, diverged %v, lost %v, want 2, 1, none and none",
			w.Phantom, w.Duplicated, w.Diverged, w.Lost)
	}
}

// A token of a stream that the drill did not have is a stranger, but members
// that both hold it do not differ.
func TestTokensOfAnotherStream(t *testing.T) {
	s := tell().attempt(0, 1, 10, record.Acked, by(1, 1)).holds("b", "primary", 1, 7).holds("a", "standby", 1, 7)
	s.rec.Copies[0].Tokens[1].Stream, s.rec.Copies[1].Tokens[1].Stream = 9, 9
	if w := s.measure().Writes; len(w.Phantom) != 1 || len(w.Diverged) != 0 {
		t.Errorf("phantom %v, diverged %v, want one and none", w.Phantom, w.Diverged)
	}
}

func TestNothingIsCountedWithoutAnAuthority(t *testing.T) {
	for _, tt := range []struct {
		name  string
		story *story
	}{
		{"no copy", tell()},
		{"two primaries", tell().holds("a", "primary").holds("b", "primary")},
		{"only a standby", tell().holds("a", "standby")},
	} {
		got := tt.story.attempt(0, 1, 10, record.Acked).measure()
		if got.Writes.Counted || len(got.Writes.Lost) > 0 || got.Verdict == measure.Met {
			t.Errorf("%s: counted %v, lost %v, verdict %s", tt.name, got.Writes.Counted, got.Writes.Lost, got.Verdict)
		}
	}
}

func TestSplitBrain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		story *story
		want  time.Duration // overlap; 0: none
	}{
		{"two members, one after the other", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 2)), 0},
		{"the old one goes on", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 2)).
			attempt(1, 2, 200, record.Acked, by(1, 1)), 100 * ms},
		{"an answer of the old one that was under way", tell().
			attempt(1, 1, 99, record.Acked, by(1, 1)).attempt(2, 1, 98, record.Acked, by(2, 2)), 0},
		{"two in one epoch", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 1)).
			attempt(1, 2, 200, record.Acked, by(1, 1)), 100 * ms},
		{"two in one epoch, one after the other", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 1)), 0},
		{"two in one epoch, both to the end", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 1)).
			attempt(1, 2, 200, record.Acked, by(1, 1)).attempt(2, 2, 290, record.Acked, by(2, 1)), 100 * ms},
		{"switchover and back", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 2)).
			attempt(1, 2, 200, record.Acked, by(1, 3)), 0},
		{"the old one refuses", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 2)).
			attempt(1, 2, 200, record.Refused), 0},
		{"without epochs, the old one goes on", tell().decided("b", 90).
			attempt(1, 1, 10, record.Acked, by(1, 0)).attempt(2, 1, 100, record.Acked, by(2, 0)).
			attempt(1, 2, 200, record.Acked, by(1, 0)), 100 * ms},
		{"without epochs, back to who was waited for", tell().decided("b", 90).decided("a", 150).
			attempt(1, 1, 10, record.Acked, by(1, 0)).attempt(2, 1, 100, record.Acked, by(2, 0)).
			attempt(1, 2, 140, record.Acked, by(1, 0), took(60*ms)), 0},
		{"without epochs, switchover and back", tell().decided("b", 90).decided("a", 150).
			attempt(1, 1, 10, record.Acked, by(1, 0)).attempt(2, 1, 100, record.Acked, by(2, 0)).
			attempt(1, 2, 200, record.Acked, by(1, 0)), 0},
		{"in one epoch, switchover and back", tell().decided("b", 90).decided("a", 150).
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 1)).
			attempt(1, 2, 200, record.Acked, by(1, 1)), 0},
		{"without epochs, the old one comes back for a moment", tell().decided("b", 90).
			attempt(1, 1, 10, record.Acked, by(1, 0)).attempt(2, 1, 100, record.Acked, by(2, 0)).
			attempt(1, 2, 200, record.Acked, by(1, 0)).attempt(2, 2, 900, record.Acked, by(2, 0)), 100 * ms},
		{"the old one is asked once it has a session", tell().
			attempt(1, 1, 10, record.Acked, by(1, 1)).attempt(2, 1, 100, record.Acked, by(2, 2)).
			attempt(1, 2, 95, record.Acked, by(1, 1), took(106*ms), waited(100*ms)), 100 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.story.measure().Split
			if got.Proved != (tt.want > 0) || got.Overlap != tt.want {
				t.Errorf("proved %v with an overlap of %s, want %s: %+v", got.Proved, got.Overlap, tt.want, got)
			}
			if got.Proved && (got.First.Member != "b" || got.Second.Member != "a" || got.Second.Seq != 2) {
				t.Errorf("evidence = %+v, %+v, want b's first and a's second write", got.First, got.Second)
			}
		})
	}
}

func TestStaleReads(t *testing.T) {
	s := tell().
		attempt(0, 1, 10, record.Acked).
		attempt(0, 2, 20, record.Acked).
		attempt(0, 3, 30, record.Acked).
		attempt(3, 1, 40, record.Acked, saw(3)).   // all
		attempt(3, 2, 50, record.Acked, saw(1)).   // 2 and 3 are missing; 2 was acknowledged at 21
		attempt(3, 3, 25, record.Acked, saw(2)).   // 3 was not there yet
		attempt(3, 4, 60, record.Refused, saw(0)). // said nothing
		attempt(0, 4, 70, record.Acked).           // lost
		attempt(3, 5, 80, record.Acked, saw(3)).   // all that is not lost
		holds("a", "primary", 1, 2, 3)
	got := s.measure()
	if got.Stale.Count != 1 || got.Stale.Oldest != 29*ms {
		t.Errorf("stale reads = %d, oldest %s, want 1 and 29ms", got.Stale.Count, got.Stale.Oldest)
	}
	if !slices.ContainsFunc(got.Reasons, func(r measure.Reason) bool { return r.Code == measure.StaleReads }) {
		t.Errorf("reasons = %+v, want %s among them", got.Reasons, measure.StaleReads)
	}
	s.rec.Head.Promise.StaleReads = true
	if _, ok := reason(s.measure(), measure.StaleReads); ok {
		t.Error("stale reads are held against a drill that expects them")
	}
}

// A probe that was wrong about outages of known length is not believed, and
// its error is that of the drill, even where only the last calibration counts.
func TestCalibration(t *testing.T) {
	calibrated := func(unseen bool, offs ...time.Duration) measure.Result {
		s := tell()
		s.rec.Head.Settings.Bound = 40 * ms
		for _, off := range offs {
			s.rec.Events = append(s.rec.Events, record.Event{
				Kind: record.Calibrated, What: "hang", Took: 100 * ms, Least: 95*ms + off, Most: 105*ms + off,
				Unseen: unseen,
			})
		}
		return s.attempt(0, 1, 10, record.Acked).holds("a", "primary", 1).holds("b", "standby", 1).measure()
	}
	for _, tt := range []struct {
		name string
		offs []time.Duration
		want measure.Verdict
		err  time.Duration
	}{
		{"within the bound", []time.Duration{40 * ms}, measure.Met, 40 * ms},
		{"too long", []time.Duration{41 * ms}, measure.Unmeasurable, 41 * ms},
		{"too short", []time.Duration{-41 * ms}, measure.Unmeasurable, 41 * ms},
		{"better when repeated", []time.Duration{90 * ms, 12 * ms}, measure.Met, 12 * ms},
	} {
		got := calibrated(false, tt.offs...)
		if got.Verdict != tt.want || got.Error != tt.err {
			t.Errorf("%s: verdict %s, error %s, want %s and %s", tt.name, got.Verdict, got.Error, tt.want, tt.err)
		}
		if got.Verdict == measure.Unmeasurable && got.Reasons[0].Code != measure.ProbeInaccurate {
			t.Errorf("%s: reason %s", tt.name, got.Reasons[0].Code)
		}
	}
	if why, ok := reason(calibrated(true, 0), measure.ProbeBlind); !ok || why.Detail != "hang" || why.Age != 100*ms {
		t.Errorf("reason = %+v, want %s: an outage that was not seen was measured well only by chance", why,
			measure.ProbeBlind)
	}
}
