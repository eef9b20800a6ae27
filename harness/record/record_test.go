package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// buffer is a journal in memory.
type buffer struct{ bytes.Buffer }

func (*buffer) Sync() error { return nil }

func head() record.Head {
	allowed := time.Minute
	return record.Head{
		Run: "run", Runbook: "fake/page", Title: record.Text{"en": "A page", "zh": "一页"}, Product: "fake",
		Promise: record.Promise{RTO: time.Minute, RPO: 3}, Members: []string{"a", "b"},
		Steps: []record.Step{{Number: 1, Title: record.Text{"en": "One"}, Allowed: &allowed}},
		Streams: []record.Stream{
			{
				Name:     "write",
				Kind:     record.Write,
				Interval: 5 * time.Millisecond,
				Connect:  time.Second,
				Reply:    time.Second,
				Sessions: 4,
			},
			{
				Name:     "read",
				Kind:     record.Reading,
				Interval: 5 * time.Millisecond,
				Connect:  time.Second,
				Reply:    time.Second,
				Sessions: 4,
			},
		},
		Began:    time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC),
		Settings: record.Settings{Settle: time.Second, Baseline: time.Second},
	}
}

// journal writes a small record of every kind of line.
func journal(tb testing.TB) []byte {
	tb.Helper()
	var b buffer
	j, err := record.NewWriter(&b, head())
	if err != nil {
		tb.Fatal(err)
	}
	j.Event(record.Event{At: time.Second, Kind: record.Began, Step: 1})
	for seq := uint32(1); seq <= 5; seq++ {
		at := time.Duration(seq) * time.Millisecond
		a := record.Attempt{
			Seq:      seq,
			Intended: at,
			Sent:     at + 7,
			Done:     at + 900,
			Outcome:  record.Acked,
			Member:   1,
			Epoch:    2,
		}
		why := ""
		if seq == 3 {
			a.Outcome, a.Member, a.Epoch, a.Expired, why = record.Unknown, 0, 0, true, "no answer"
		}
		j.Attempt(a, why)
	}
	j.Attempt(record.Attempt{Stream: 1, Seq: 1, Intended: 1, Sent: 2, Done: 3, Outcome: record.Acked, Saw: 4}, "")
	failed := phrase.Say("a step that %s", "failed")
	j.Phrase(failed)
	j.Event(record.Event{At: 2 * time.Second, Kind: record.Ended, Step: 1, Err: failed.Text})
	j.Phrase(failed) // it is known
	j.Phrase(phrase.Both("type it", "输入"))
	j.Phrase(phrase.Phrase{Text: "ERROR: none"}) // it can be said in no other language
	tokens := make([]record.Stored, 0, 5000)
	for seq := uint32(1); seq <= 5000; seq++ {
		tokens = append(tokens, record.Stored{Seq: seq, Member: 2})
	}
	j.Copy(record.Copy{At: 3 * time.Second, Member: "b", Role: "primary", Final: true, Synced: true, Tokens: tokens})
	j.Copy(record.Copy{At: 3 * time.Second, Member: "a", Final: true, Err: "no answer"})
	if err := j.Close(record.Tail{At: 4 * time.Second, Versions: map[string]string{"x": "1"}}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	rec, err := record.Read(bytes.NewReader(journal(t)))
	if err != nil {
		t.Fatal(err)
	}
	want := head()
	want.Schema = record.Schema
	if !reflect.DeepEqual(rec.Head, want) {
		t.Errorf("head = %+v, want %+v", rec.Head, want)
	}
	if len(rec.Events) != 2 || rec.Events[1].Err != "a step that failed" {
		t.Errorf("events = %+v", rec.Events)
	}
	phrases := []phrase.Phrase{phrase.Say("a step that %s", "failed"), phrase.Both("type it", "输入")}
	if len(rec.Phrases) != 2 || !reflect.DeepEqual(rec.Phrases[phrases[0].Text], phrases[0]) ||
		!reflect.DeepEqual(rec.Phrases[phrases[1].Text], phrases[1]) {
		t.Errorf("phrases = %+v, want %+v", rec.Phrases, phrases)
	}
	if len(rec.Attempts) != 6 {
		t.Fatalf("%d attempts, want 6", len(rec.Attempts))
	}
	third := rec.Attempts[2]
	if third.Outcome != record.Unknown || !third.Expired || rec.Causes[third.Cause] != "no answer" ||
		third.Sent != 3*time.Millisecond+7 {
		t.Errorf("third attempt = %+v", third)
	}
	if last := rec.Attempts[5]; last.Stream != 1 || last.Saw != 4 {
		t.Errorf("last attempt = %+v", last)
	}
	if len(rec.Copies) != 2 || len(rec.Copies[0].Tokens) != 5000 || rec.Copies[1].Err == "" {
		t.Errorf("copies = %d", len(rec.Copies))
	}
	if rec.Tail == nil || rec.Tail.At != 4*time.Second {
		t.Errorf("tail = %+v", rec.Tail)
	}
}

// A harness that is killed leaves a journal that ends anywhere. Whatever was
// whole before must be read, without an error.
func TestCutAnywhere(t *testing.T) {
	whole := journal(t)
	firstLine := bytes.IndexByte(whole, '\n') + 1
	previous := 0
	for n := firstLine; n < len(whole); n += apart() * (1 + n/997) {
		rec, err := record.Read(bytes.NewReader(whole[:n]))
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		if rec.Tail != nil {
			t.Fatalf("cut after %d bytes: there is a tail", n)
		}
		if got := len(rec.Events) + len(rec.Attempts) + len(rec.Copies); got < previous {
			t.Fatalf("cut after %d bytes: %d things, fewer than the %d of a shorter cut", n, got, previous)
		} else {
			previous = got
		}
	}
}

func TestDamage(t *testing.T) {
	whole := journal(t)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for _, tt := range []struct {
		name string
		text []byte
		line int // that is named
	}{
		{"a bit in the middle", flip(whole, len(lines[0])+20), 2},
		{"a line is missing its checksum", bytes.Join([][]byte{lines[0], []byte("{}\n"), lines[1]}, nil), 2},
		{"something else behind the tail", append(bytes.Clone(whole), lines[1]...), len(lines)},
		{"another head behind the tail", append(bytes.Clone(whole), lines[0]...), len(lines)},
		{"a head in the middle", bytes.Join([][]byte{lines[0], lines[0], lines[1]}, nil), 2},
		{"something behind the tail", bytes.Join([][]byte{whole, lines[1], lines[1]}, nil), len(lines)},
		{"the head is damaged", flip(whole, 20), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := record.Read(bytes.NewReader(tt.text))
			var damaged *record.CorruptError
			if !errors.As(err, &damaged) || damaged.Line != tt.line {
				t.Fatalf("Read = %v, want a CorruptError in line %d", err, tt.line)
			}
			if tt.line > 1 && rec == nil {
				t.Error("what stands before the damage was not returned")
			}
		})
	}
}

func flip(text []byte, at int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1
	return text
}

func TestUnreadable(t *testing.T) {
	var b buffer
	if _, err := record.NewWriter(&b, head()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"empty", "", record.ErrIncomplete, "empty"},
		{"later version", laterHead(t), record.ErrSchema, "use a newer drillbook"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := record.Read(strings.NewReader(tt.text))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || rec != nil {
				t.Errorf("Read = %v, %v, want no record and %q", rec, err, tt.says)
			}
		})
	}
}

// A line is taken whole or not at all.
func TestDamagedLineIsIgnored(t *testing.T) {
	whole, _, _ := bytes.Cut(journal(t), []byte("\n"))
	text := follow(string(whole)+"\n", `{"k":"attempts","v":[[0,1,2,3,4,1,0,0,0,0,0,0],[0,2]]}`)
	rec, err := record.Read(strings.NewReader(text))
	if err == nil || !strings.Contains(err.Error(), "2 fields") || len(rec.Attempts) != 0 {
		t.Errorf("Read = %v, with %d attempts of a line that is damaged", err, len(rec.Attempts))
	}
}

// full is a disk that is full after some bytes.
type full struct {
	buffer
	mu   sync.Mutex // guards all
	left int
}

// room makes room.
func (f *full) room(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left < len(p) {
		n, _ := f.buffer.Write(p[:f.left])
		f.left = 0
		return n, errFull
	}
	f.left -= len(p)
	return f.buffer.Write(p)
}

func TestDiskFull(t *testing.T) {
	f := &full{left: 3000}
	j, err := record.NewWriter(f, head())
	if err != nil {
		t.Fatal(err)
	}
	for seq := range 200 {
		j.Event(record.Event{At: time.Duration(seq), Kind: record.Note, What: "something"})
	}
	if !errors.Is(j.Err(), errFull) {
		t.Errorf("Err = %v, want %v", j.Err(), errFull)
	}
	if err := j.Close(record.Tail{}); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
	rec, err := record.Read(bytes.NewReader(f.Bytes()))
	if err != nil || len(rec.Events) == 0 || rec.Tail != nil {
		t.Errorf("Read = %v with %d events, want those before the disk was full", err, len(rec.Events))
	}
}

// What was recorded while the disk was full is there once it has room again, and the
// record says that it was full.
func TestDiskFullAndFreed(t *testing.T) {
	const events = 200
	f := &full{left: 3000}
	j, err := record.NewWriter(f, head())
	if err != nil {
		t.Fatal(err)
	}
	for seq := range events {
		j.Event(record.Event{At: time.Duration(seq), Kind: record.Note, What: "something"})
	}
	f.room(1 << 20)
	if err := j.Close(record.Tail{At: time.Hour}); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
	rec, err := record.Read(bytes.NewReader(f.Bytes()))
	if err != nil || len(rec.Events) != events || rec.Tail == nil || rec.Tail.Journal != errFull.Error() {
		t.Errorf("Read = %v with %d events and the tail %+v, want all, and that the disk was full",
			err, len(rec.Events), rec.Tail)
	}
}

// A disk that is full for so long that memory does not suffice costs the end of the
// record, and the record says so. What is there has no hole, and half a line that was
// written when the disk became full is completed.
func TestDiskStaysFull(t *testing.T) {
	const events = 24
	f := &full{left: 3000}
	j, err := record.NewWriter(f, head())
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1<<20)
	for n := range events {
		j.Event(record.Event{At: time.Duration(n), Kind: record.Note, What: long})
	}
	f.room(1 << 20) // for a part of what was kept
	j.Event(record.Event{At: events, Kind: record.Note})
	f.room(1 << 30)
	j.Event(record.Event{At: events + 1, Kind: record.Note}) // behind what was lost
	if err := j.Close(record.Tail{At: time.Hour}); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
	rec, err := record.Read(bytes.NewReader(f.Bytes()))
	if err != nil || rec.Tail == nil {
		t.Fatalf("Read = %v, with the tail %v", err, rec.Tail)
	}
	for n, e := range rec.Events {
		if e.At != time.Duration(n) || e.What != long {
			t.Fatalf("event %d is that of %d", n, e.At)
		}
	}
	lost := events + 2 - len(rec.Events)
	if kept := len(rec.Events); kept < 14 || kept > 16 {
		t.Errorf("%d events of a mebibyte each were kept, want as many as memory is allowed for", kept)
	}
	want := fmt.Sprintf("%v; the last %d lines before this one could not be kept", errFull, lost)
	if rec.Tail.Journal != want {
		t.Errorf("the tail says %q, want %q", rec.Tail.Journal, want)
	}
}

func TestNothingAfterClose(t *testing.T) {
	var b buffer
	j, err := record.NewWriter(&b, head())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(record.Tail{}); err != nil {
		t.Fatal(err)
	}
	size := b.Len()
	j.Event(record.Event{})
	j.Attempt(record.Attempt{Seq: 1}, "too late")
	j.Copy(record.Copy{})
	if err := j.Close(record.Tail{}); err != nil {
		t.Errorf("closing again = %v", err)
	}
	if b.Len() != size {
		t.Error("something was written after Close")
	}
}
