package measure_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// sound is a drill in which all went as promised: the primary is lost at 3 s, b takes
// over after 0.3 s, and holds what was acknowledged, as a does once it is back.
func sound() *story {
	s := tell().serve(100, 6000, record.Acked)
	s.rec.Head.Promise = record.Promise{RTO: 2 * time.Second}
	s.rec.Head.Settings = record.Settings{Settle: 500 * ms, Baseline: time.Second, Bound: 40 * ms}
	s.rec.Head.Steps = []record.Step{{Number: 1, Allowed: new(time.Second)}}
	f := func(k record.Kind, answer string) record.Event {
		return record.Event{Kind: k, Step: 1, Fault: "a is lost", Answer: answer}
	}
	s.at(50, record.Event{Kind: record.Calibrated, What: "hang", Took: 120 * ms, Least: 115 * ms, Most: 128 * ms}).
		at(2900, record.Event{Kind: record.Began, Step: 1}).
		at(3000, f(record.Prepared, "")).at(3000, f(record.Injected, "")).at(3000, f(record.Confirm, "it is gone")).
		decided("b", 3200).
		at(4000, f(record.Heal, "")).at(4010, f(record.Healed, "it runs")).
		at(5000, record.Event{Kind: record.Ended, Step: 1})
	s.holds("b", "primary").holds("a", "standby")
	for at := 100; at < 6000; at += 10 {
		for i := range s.rec.Copies {
			s.rec.Copies[i].Tokens = append(s.rec.Copies[i].Tokens, record.Stored{Seq: uint32(at / 10)})
		}
	}
	for i := range s.rec.Attempts {
		if a := &s.rec.Attempts[i]; a.Sent >= 3200*ms {
			a.Member, a.Epoch = 2, 2
		}
	}
	return s.refuse(3000, 3300)
}

// refuse has the writes from one time to another be refused instead.
func (s *story) refuse(from, to int) *story {
	for i := range s.rec.Attempts {
		a := &s.rec.Attempts[i]
		if at := int(a.Intended / ms); a.Stream == 0 && at >= from && at < to {
			a.Outcome, a.Member, a.Epoch = record.Refused, 0, 0
			s.without(a.Seq, 0, 1)
		}
	}
	return s
}

// without takes a write out of some copies.
func (s *story) without(seq uint32, copies ...int) {
	for _, n := range copies {
		c := &s.rec.Copies[n]
		c.Tokens = slices.DeleteFunc(c.Tokens, func(t record.Stored) bool { return t.Seq == seq && t.Stream == 0 })
	}
}

// with stores a write in some copies.
func (s *story) with(t record.Stored, copies ...int) *story {
	for _, n := range copies {
		s.rec.Copies[n].Tokens = append(s.rec.Copies[n].Tokens, t)
	}
	return s
}

// drop takes the events of a kind out.
func (s *story) drop(kind record.Kind) *story {
	s.rec.Events = slices.DeleteFunc(s.rec.Events, func(e record.Event) bool { return e.Kind == kind })
	return s
}

// bothServe has a acknowledge writes after b has taken over; all are read back.
func (s *story) bothServe() *story {
	for i, at := range []int{3400, 3420, 3440} {
		seq := uint32(i + 1)
		s.attempt(2, seq, at, record.Acked, by(2, 2)).attempt(1, seq, at+10, record.Acked, by(1, 1))
		s.with(record.Stored{Seq: seq, Stream: 2}, 0, 1).with(record.Stored{Seq: seq, Stream: 1}, 0, 1)
	}
	return s
}

// between is halfway from the least to the most of the outage.
func (s *story) between() time.Duration {
	o := s.measure().Downtime.Longest
	return (o.Least + o.Most) / 2
}

// cause is what brings a reason about.
type cause struct {
	verdict measure.Verdict
	do      func(s *story)
}

// causes are of missed promises.
func causes() map[measure.Code]cause {
	return map[measure.Code]cause{
		measure.RTOMissed:  {measure.Missed, func(s *story) { s.refuse(3000, 5200) }},
		measure.RPOMissed:  {measure.Missed, func(s *story) { s.without(290, 0, 1) }},
		measure.StepMissed: {measure.Missed, func(s *story) { s.rec.Head.Steps[0].Allowed = new(100 * ms) }},
		measure.StepFailed: {measure.Missed, func(s *story) { s.rec.Events[len(s.rec.Events)-1].Err = "no standby" }},
		measure.WrongPrimary: {measure.Missed, func(s *story) {
			s.rec.Head.Members = append(s.rec.Head.Members, "c")
			s.holds("c", "primary")
			s.rec.Copies[0].Role, s.rec.Copies[2].Tokens = "standby", s.rec.Copies[0].Tokens
			for i := range s.rec.Attempts {
				if a := &s.rec.Attempts[i]; a.Member == 2 {
					a.Member = 3
				}
			}
			s.says(200, "c", "standby").says(3250, "c", "primary")
		}},
		measure.SplitBrain: {measure.Missed, func(s *story) { s.bothServe() }},
		measure.SplitUnsaved: {measure.Missed, func(s *story) {
			s.rec.Head.Promise.SplitBrain = true
			s.bothServe().without(290, 0, 1)
		}},
		measure.StaleReads: {measure.Missed, func(s *story) { s.attempt(3, 1, 2500, record.Acked, saw(200)) }},
		measure.BrownOut: {measure.Missed, func(s *story) {
			for i := range s.rec.Attempts {
				if a := &s.rec.Attempts[i]; a.Intended >= 3300*ms && a.Intended < 5800*ms {
					a.Done = a.Sent + 150*ms
				}
			}
		}},
		measure.PhantomWrites:   {measure.Missed, func(s *story) { s.with(record.Stored{Seq: 310}, 0, 1) }},
		measure.DuplicateWrites: {measure.Missed, func(s *story) { s.with(record.Stored{Seq: 290}, 0, 1) }},
		measure.DivergedCopies:  {measure.Missed, func(s *story) { s.without(290, 1) }},
	}
}

// doubts are causes of what cannot be told.
func doubts() map[measure.Code]cause {
	told := func(kind record.Kind) func(*story) { return func(s *story) { s.drop(kind) } }
	calibrated := func(e record.Event) func(*story) {
		e.Kind, e.What, e.Took = record.Calibrated, "hang", 120*ms
		return func(s *story) { s.at(60, e) }
	}
	doubt := map[measure.Code]func(s *story){
		measure.RTOOpen: func(s *story) {
			s.rec.Head.Promise.RTO = 5 * time.Second
			s.rec.Head.Steps[0].Allowed = nil
			s.refuse(3000, 6000)
		},
		measure.RTOUnclear:  func(s *story) { s.rec.Head.Promise.RTO = s.between() },
		measure.StepUnclear: func(s *story) { s.rec.Head.Steps[0].Allowed = new(s.between()) },
		measure.StepUndone:  func(s *story) { s.drop(record.Began).drop(record.Ended) },
		measure.RowsUnanswered: func(s *story) {
			s.rec.Head.Steps[0].Rows = make([]record.Row, 2)
			s.at(2950, record.Event{Kind: record.Finding, Step: 1, Row: 2, What: "files", Answer: "the same"})
		},
		measure.RPOUnknown:      func(s *story) { s.rec.Copies = nil },
		measure.CopyMissing:     func(s *story) { s.rec.Copies = s.rec.Copies[:1] },
		measure.SplitMissing:    func(s *story) { s.rec.Head.Promise.SplitBrain = true },
		measure.ProbeInaccurate: calibrated(record.Event{Least: 170 * ms, Most: 180 * ms}),
		measure.ProbeBlind:      calibrated(record.Event{Least: 115 * ms, Most: 128 * ms, Unseen: true}),
		measure.BaselineShort:   func(s *story) { s.rec.Head.Settings.Baseline = 4 * time.Second },
		measure.BaselineFailed:  func(s *story) { s.refuse(2500, 2510) },
		measure.BaselineSlow: func(s *story) {
			s.rec.Attempts = slices.DeleteFunc(s.rec.Attempts, func(a record.Attempt) bool {
				return a.Intended >= 2200*ms && a.Intended < 2600*ms
			})
			for seq := uint32(220); seq < 260; seq++ {
				s.without(seq, 0, 1)
			}
		},
		measure.NoWrites: func(s *story) {
			s.rec.Attempts = nil
			s.rec.Copies[0].Tokens, s.rec.Copies[1].Tokens = nil, nil
		},
		measure.FaultNotHeld: told(record.Confirm),
		measure.NotHealed:    told(record.Healed),
		measure.FaultLapsed: func(s *story) {
			s.at(3990, record.Event{Kind: record.Held, Step: 1, Fault: "a is lost", Err: "it runs"})
		},
		measure.AuxiliaryLost: func(s *story) {
			s.rec.Head.Auxiliaries = []record.Auxiliary{{Name: "m", Duty: "monitor"}}
			s.at(3500, record.Event{Kind: record.State, Member: "m", What: "ended"})
		},
		measure.RecordCut: func(s *story) { s.rec.Tail = nil },
		measure.RecordDamaged: func(s *story) {
			s.rec.Flaw = &record.CorruptError{Line: 9, Err: errors.New("no checksum")}
		},
		measure.Unreadable: func(s *story) {
			s.rec = record.Record{Flaw: &record.CorruptError{Line: 1, Err: errors.New("no checksum")}}
		},
		measure.JournalFailed: func(s *story) { s.rec = *onFullDisk(s.rec, true) },
		measure.HarnessPaused: func(s *story) { s.refuse(3000, 5400).stand(3100, 4900) },
		measure.ProbeOverload: func(s *story) {
			s.rec.Head.Settings.Usual = 20 * ms
			s.refuse(3000, 5400)
			for at := 3250; at < 5400; at += 10 {
				s.attempt(2, uint32(at), at, record.Acked, by(1, 1))
				s.with(record.Stored{Seq: uint32(at), Stream: 2}, 0, 1)
			}
		},
		measure.WasInterrupted: func(s *story) { s.rec.Tail.Interrupted = true },
		measure.Failure:        func(s *story) { s.rec.Tail.Err = "the cluster did not start" },
	}
	all := map[measure.Code]cause{}
	for code, do := range doubt {
		all[code] = cause{measure.Unmeasurable, do}
	}
	return all
}

// TestEveryReason: a sound drill is met, and each reason that there is comes of what
// it is about, and decides.
func TestEveryReason(t *testing.T) {
	if got := sound().measure(); got.Verdict != measure.Met {
		t.Fatalf("a sound drill is %s: %+v", got.Verdict, got.Reasons)
	}
	all := causes()
	for code, c := range doubts() {
		if _, twice := all[code]; twice {
			t.Errorf("%s has two causes", code)
		}
		all[code] = c
	}
	for code, c := range all {
		t.Run(string(code), func(t *testing.T) {
			s := sound()
			c.do(s)
			got := s.measure()
			if why, ok := reason(got, code); !ok || why.Verdict != c.verdict || got.Verdict != c.verdict {
				t.Errorf("verdict %s, reasons %+v, want %s for %s", got.Verdict, got.Reasons, c.verdict, code)
			}
		})
	}
	for _, code := range codes(t) {
		if _, ok := all[code]; !ok {
			t.Errorf("%s: no test brings it about: add its cause here", code)
		}
	}
}

// codes are all constants of the type Code in the package.
func codes(t *testing.T) []measure.Code {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []measure.Code
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, measure.Code(value))
			}
			return true
		})
	}
	if len(found) < 20 {
		t.Fatalf("found only %d codes", len(found))
	}
	return found
}

// disk is full for some time.
type disk struct {
	bytes.Buffer
	mu   sync.Mutex // guards all
	full bool
}

func (d *disk) fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

var errFull = errors.New("no space left on device")

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, errFull
	}
	return d.Buffer.Write(p)
}

func (*disk) Sync() error { return nil }

// onFullDisk is a record as it is read back if the disk was full when its events came,
// and had room again at the end, or not.
func onFullDisk(rec record.Record, again bool) *record.Record {
	var d disk
	w, err := record.NewWriter(&d, rec.Head)
	if err != nil {
		panic(err)
	}
	d.fill(true)
	for _, e := range rec.Events {
		w.Event(e)
	}
	for _, a := range rec.Attempts {
		w.Attempt(a, "")
	}
	for _, c := range rec.Copies {
		w.Copy(c)
	}
	d.fill(!again)
	if err := w.Close(*rec.Tail); !errors.Is(err, errFull) {
		panic(err)
	}
	read, err := record.Read(&d.Buffer)
	if err != nil {
		panic(err)
	}
	return read
}

// A disk that stays full leaves a record that is cut, which proves nothing either.
func TestDiskThatStaysFull(t *testing.T) {
	got := measure.Of(onFullDisk(sound().rec, false))
	if _, ok := reason(got, measure.RecordCut); !ok || got.Verdict != measure.Unmeasurable {
		t.Errorf("verdict %s, reasons %+v, want %s", got.Verdict, got.Reasons, measure.RecordCut)
	}
}
