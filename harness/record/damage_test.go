package record_test

import (
	"bytes"
	"slices"
	"testing"

	"drillbook/harness/record"
)

// FuzzDamage: whatever is done to a journal, what is read of it is the beginning of
// what was written, and it does not pass for all of it.
func FuzzDamage(f *testing.F) {
	for kind := range uint8(len(damages())) {
		f.Add([]byte("attempts, events and copies"), kind, uint(3))
		f.Add([]byte{0, 2, 3, 10, 18, 0, 1, 201, 0, 5, 5, 5}, kind, uint(700))
	}
	f.Fuzz(func(t *testing.T, script []byte, kind uint8, at uint) {
		script = script[:min(len(script), 4096)]
		w := write(t, script)
		other := head()
		other.Run += "-other"
		how := damages()[int(kind)%len(damages())]
		text := how.do(w.journal, writeAs(t, other, script).journal, int(at%(1<<30)))
		if bytes.Equal(text, w.journal) {
			return
		}
		got, err := record.Read(bytes.NewReader(text))
		if got == nil {
			if err == nil {
				t.Fatalf("%s: neither a record nor an error", how.name)
			}
			return
		}
		if got.Flaw == nil {
			t.Fatalf("%s at %d is not noticed", how.name, at)
		}
		want := w.rec
		if got.Head.Run == other.Run { // its head came first
			want = record.Record{Head: got.Head, Causes: []string{""}}
		}
		checkBeginning(t, got, &want)
	})
}

// damage makes of a journal something else, with one of another run at hand.
type damage struct {
	name string
	do   func(journal, other []byte, at int) []byte
}

func damages() []damage {
	lines := func(do func(ls [][]byte, other [][]byte, n int) [][]byte) func(journal, other []byte, at int) []byte {
		return func(journal, other []byte, at int) []byte {
			ls, os := bytes.SplitAfter(journal, []byte("\n")), bytes.SplitAfter(other, []byte("\n"))
			ls, os = ls[:len(ls)-1], os[:len(os)-1] // what is behind the last line's end
			return bytes.Join(do(ls, os, at%len(ls)), nil)
		}
	}
	return []damage{
		{"a bit is another", func(journal, _ []byte, at int) []byte {
			return flipBit(journal, at/8%len(journal), at%8)
		}},
		{"a line is left out", lines(func(ls, _ [][]byte, n int) [][]byte { return slices.Delete(ls, n, n+1) })},
		{"a line stands twice", lines(func(ls, _ [][]byte, n int) [][]byte { return slices.Insert(ls, n, ls[n]) })},
		{"two lines are exchanged", lines(func(ls, _ [][]byte, n int) [][]byte {
			m := (n + 1) % len(ls)
			ls[n], ls[m] = ls[m], ls[n]
			return ls
		})},
		{"a line of another run comes between", lines(func(ls, os [][]byte, n int) [][]byte {
			return slices.Insert(ls, n, os[n%len(os)])
		})},
		{"a line is of another run", lines(func(ls, os [][]byte, n int) [][]byte {
			ls[n] = os[n%len(os)]
			return ls
		})},
		{"another head comes between", lines(func(ls, os [][]byte, n int) [][]byte {
			return slices.Insert(ls, max(1, n), os[0])
		})},
		{"it is cut, and another record follows", func(journal, other []byte, at int) []byte {
			return append(bytes.Clone(journal[:1+at%len(journal)]), other...)
		}},
	}
}

func flipBit(text []byte, at, bit int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1 << bit
	return text
}

// apart is how far the bytes lie apart that are tried one by one: with -short, which
// is how the race detector runs, it is no divisor of what repeats.
func apart() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// TestEveryBitMatters: there is no bit of a journal that may be another.
func TestEveryBitMatters(t *testing.T) {
	w := write(t, []byte{0, 2, 3, 10, 18, 0, 5, 5})
	for at := 0; at < len(w.journal); at += apart() {
		for bit := range 8 {
			if rec, _ := record.Read(bytes.NewReader(flipBit(w.journal, at, bit))); rec != nil && rec.Flaw == nil {
				t.Fatalf("bit %d of byte %d (%q) is not noticed", bit, at, w.journal[at])
			}
		}
	}
}
