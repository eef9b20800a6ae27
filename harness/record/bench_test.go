package record_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drillbook/harness/record"
)

// attempt is the nth of a drill at 200 writes a second, of which one in ten is
// refused.
func attempt(n int) (a record.Attempt, cause string) {
	at := time.Duration(n) * 5 * time.Millisecond
	a = record.Attempt{
		Seq: uint32(n + 1), Intended: at, Sent: at + 123_456, Done: at + 1_345_678, Outcome: record.Acked, Member: 1,
		Epoch: 3, Wait: 42,
	}
	if n%10 == 0 {
		a.Outcome, a.Member, a.Epoch = record.Refused, 0, 0
		cause = "dial tcp 10.0.0.2:5432: connect: connection refused"
	}
	return a, cause
}

// BenchmarkJournal is what recording an attempt costs, written to a file.
func BenchmarkJournal(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "record.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	j, err := record.NewWriter(f, head())
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		a, cause := attempt(n)
		j.Attempt(a, cause)
		n++
	}
	if err := j.Close(record.Tail{}); err != nil {
		b.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "file-B/attempt")
}

// BenchmarkRead is what reading an attempt and the tokens of two members
// costs.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("attempts=%d", size), func(b *testing.B) {
			text := long(b, size)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := record.Read(bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/attempt")
		})
	}
}

// long is the journal of so many attempts, 64 a line.
func long(b *testing.B, size int) []byte {
	b.Helper()
	var text buffer
	j, err := record.NewWriter(&text, head())
	if err != nil {
		b.Fatal(err)
	}
	held := make([]record.Stored, 0, size)
	for n := range size {
		a, cause := attempt(n)
		j.Attempt(a, cause)
		if n%64 == 0 {
			j.Event(record.Event{At: a.Done, Kind: record.Lag, Member: "b", Bytes: 1000})
		}
		held = append(held, record.Stored{Seq: a.Seq, Member: a.Member})
	}
	for _, m := range []string{"a", "b"} {
		j.Copy(record.Copy{Member: m, Role: "primary", Final: true, Tokens: held})
	}
	if err := j.Close(record.Tail{At: time.Hour}); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}
