package record_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"drillbook/harness/record"
)

// written is a record and the journal of it.
type written struct {
	rec     record.Record
	journal []byte
}

// write writes a journal of what the bytes say, and knows what it wrote.
func write(t *testing.T, script []byte) written {
	t.Helper()
	return writeAs(t, head(), script)
}

func writeAs(t *testing.T, head record.Head, script []byte) written {
	t.Helper()
	var b buffer
	j, err := record.NewWriter(&b, head)
	if err != nil {
		t.Fatal(err)
	}
	w := written{rec: record.Record{Head: head, Causes: []string{""}}}
	w.rec.Head.Schema = record.Schema
	for n, c := range script {
		at := time.Duration(n) * time.Millisecond
		switch c % 8 {
		case 0:
			e := record.Event{At: at, Kind: record.Note, What: string(script[:n%16]), Bytes: int64(c)}
			e.What = string([]rune(e.What)) // what is not UTF-8 is replaced when it is written
			w.rec.Events = append(w.rec.Events, e)
			j.Event(e)
		case 1:
			c := record.Copy{At: at, Member: "b", Final: c > 99, Tokens: tokens(int(c) * 40)}
			w.rec.Copies = append(w.rec.Copies, c)
			j.Copy(c)
		default:
			a := record.Attempt{
				Seq: uint32(n + 1), Intended: at, Sent: at + time.Duration(c), Done: at + 2*time.Duration(c),
				Stream: c % 2, Member: c % 3, Outcome: record.Outcome(c % 3), Epoch: uint32(c), Saw: uint32(n), Wait: 9,
			}
			cause := []string{"", "refused", "no answer"}[c/8%3]
			a.Cause = w.cause(cause)
			w.rec.Attempts = append(w.rec.Attempts, a)
			j.Attempt(a, cause)
		}
	}
	w.rec.Tail = &record.Tail{At: time.Hour}
	if err := j.Close(*w.rec.Tail); err != nil {
		t.Fatal(err)
	}
	w.journal = b.Bytes()
	return w
}

func (w *written) cause(s string) uint16 {
	for n, have := range w.rec.Causes {
		if have == s {
			return uint16(n)
		}
	}
	w.rec.Causes = append(w.rec.Causes, s)
	return uint16(len(w.rec.Causes) - 1)
}

func tokens(n int) []record.Stored {
	ts := make([]record.Stored, 0, n)
	for i := range n {
		ts = append(ts, record.Stored{Seq: uint32(i), Stream: 1, Member: uint8(i % 3)})
	}
	return ts
}

// FuzzCut: a journal that was cut after any byte reads as the beginning of
// what was written, and the whole one as all of it.
func FuzzCut(f *testing.F) {
	f.Add([]byte("attempts, events and copies"), uint(0))
	f.Add([]byte{0, 2, 3, 10, 18, 0, 1, 201, 0, 5, 5, 5}, uint(900))
	f.Fuzz(func(t *testing.T, script []byte, cut uint) {
		w := write(t, script[:min(len(script), 4096)])
		n := int(cut % uint(len(w.journal)+1))
		got, err := record.Read(bytes.NewReader(w.journal[:n]))
		if n <= bytes.IndexByte(w.journal, '\n') {
			if err == nil || got != nil {
				t.Fatalf("cut in its head after %d bytes: %v, %v, want no record", n, got, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		checkBeginning(t, got, &w.rec)
		if line := bytes.Count(w.journal[:n], []byte("\n")); n < len(w.journal) && (got.Flaw == nil ||
			got.Flaw.Line < line || got.Flaw.Line > line+1 || !errors.Is(got.Flaw, record.ErrIncomplete)) {
			t.Fatalf("cut after %d bytes, in or behind line %d: the flaw is %v", n, line, got.Flaw)
		}
		if n == len(w.journal) && !reflect.DeepEqual(got, &w.rec) {
			t.Fatalf("read %+v\nwant %+v", got, w.rec)
		}
	})
}

func checkBeginning(t *testing.T, got, want *record.Record) {
	t.Helper()
	if !reflect.DeepEqual(got.Head, want.Head) {
		t.Errorf("head %+v, want %+v", got.Head, want.Head)
	}
	beginning(t, "events", got.Events, want.Events)
	beginning(t, "attempts", got.Attempts, want.Attempts)
	beginning(t, "causes", got.Causes, want.Causes)
	if last := len(got.Copies) - 1; last >= 0 && last < len(want.Copies) {
		have, all := got.Copies[last], want.Copies[last]
		beginning(t, "tokens", have.Tokens, all.Tokens)
		have.Tokens, all.Tokens = nil, nil
		if !reflect.DeepEqual(have, all) {
			t.Errorf("copy %+v, want %+v", have, all)
		}
		beginning(t, "copies", got.Copies[:last], want.Copies)
	}
	if got.Tail != nil && !reflect.DeepEqual(got.Tail, want.Tail) {
		t.Errorf("tail %+v, want %+v", got.Tail, want.Tail)
	}
}

func beginning[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) > len(want) {
		t.Errorf("%d %s, want at most %d", len(got), what, len(want))
		return
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%s %d = %+v, want %+v", what, i, got[i], want[i])
		}
	}
}
