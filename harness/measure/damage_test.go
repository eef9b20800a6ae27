package measure_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// journal is a journal in memory.
type journal struct{ bytes.Buffer }

func (*journal) Sync() error { return nil }

// keeps is the journal of a drill that keeps its promise, of a run.
func keeps(t *testing.T, run string) string {
	t.Helper()
	s := tell()
	s.rec.Head.Run = run
	var j journal
	w, err := record.NewWriter(&j, s.rec.Head)
	if err != nil {
		t.Fatal(err)
	}
	const writes = 20
	held := make([]record.Stored, 0, writes)
	for n := range uint32(writes) {
		at := time.Duration(n) * 10 * ms
		w.Attempt(record.Attempt{
			Seq: n + 1, Intended: at, Sent: at, Done: at + ms, Outcome: record.Acked, Member: 1, Epoch: 1,
		}, "")
		held = append(held, record.Stored{Seq: n + 1, Member: 1})
		if n%5 == 4 {
			w.Event(record.Event{At: at, Kind: record.Note, What: "so far"})
		}
	}
	for _, m := range []struct{ name, role string }{{"a", "primary"}, {"b", "standby"}} {
		w.Copy(record.Copy{Member: m.name, Role: m.role, Final: true, Synced: true, Tokens: held})
	}
	if err := w.Close(record.Tail{At: 200 * ms}); err != nil {
		t.Fatal(err)
	}
	return j.String()
}

// older is the journal as schema 1 has it, whose lines do not know each other.
func older(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		_, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		body = strings.Replace(body, fmt.Sprintf(`"schema":%d`, record.Schema), `"schema":1`, 1)
		fmt.Fprintf(&b, "%08x %s\n", crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)), body)
	}
	return b.String()
}

// verdict is what is said of a journal; empty if nothing can be.
func verdict(text string) measure.Verdict {
	rec, _ := record.Read(strings.NewReader(text))
	if rec == nil {
		return ""
	}
	return measure.Of(rec).Verdict
}

// apart is how far the bytes lie apart that are damaged one by one: with -short, which
// is how the race detector runs, it is no divisor of what repeats.
func apart() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// TestNeverMetIfDamaged: a record that was cut or damaged anywhere does not show that
// the promise was kept.
func TestNeverMetIfDamaged(t *testing.T) {
	good := keeps(t, "run")
	for name, text := range map[string]string{"schema of today": good, "schema 1": older(good)} {
		t.Run(name, func(t *testing.T) {
			if got := verdict(text); got != measure.Met {
				t.Fatalf("undamaged, it is %s", got)
			}
			for n := 0; n < len(text); n += apart() {
				if got := verdict(text[:n]); got == measure.Met {
					t.Fatalf("met, although cut after %d of %d bytes", n, len(text))
				}
				for _, flip := range []byte{1, ' ', 0xff} {
					damaged := []byte(text)
					damaged[n] ^= flip
					if got := verdict(string(damaged)); got == measure.Met {
						t.Fatalf("met, although byte %d was %q and is %q", n, text[n], damaged[n])
					}
				}
			}
		})
	}
}

// TestNeverMetWithMissingOrForeignLines: lines that are missing, or that another record
// wrote, are no part of what is certain. In schema 1 only heads, and what stands
// behind the tail, can be told.
func TestNeverMetWithMissingOrForeignLines(t *testing.T) {
	good, other := keeps(t, "run"), keeps(t, "other")
	lines, others := strings.SplitAfter(good, "\n"), strings.SplitAfter(other, "\n")
	lines, others = lines[:len(lines)-1], others[:len(others)-1]
	without := func(n int, instead ...string) string {
		return strings.Join(lines[:n], "") + strings.Join(instead, "") + strings.Join(lines[n+1:], "")
	}
	for n, line := range lines {
		for what, text := range map[string]string{
			"left out":                     without(n),
			"doubled":                      without(n, line, line),
			"of another run":               without(n, others[n]),
			"followed by one of another":   without(n, line, others[n]),
			"followed by another head":     without(n, line, others[0]),
			"followed by another record":   strings.Join(lines[:n+1], "") + other,
			"of another run, to the end":   strings.Join(lines[:n+1], "") + strings.Join(others[n+1:], ""),
			"older, with another head":     older(without(n, line, lines[0])),
			"older, with another's record": older(strings.Join(lines[:n+1], "") + other),
		} {
			if got := verdict(text); got == measure.Met && text != good && text != other {
				t.Errorf("met, although line %d is %s", n+1, what)
			}
		}
	}
}

// TestFlawOfARecord: the reason names the line.
func TestFlawOfARecord(t *testing.T) {
	good := keeps(t, "run")
	lines := strings.SplitAfter(good, "\n")
	for _, tt := range []struct {
		name, text string
		code       measure.Code
		line       int
	}{
		{"cut in a line", good[:len(lines[0])+len(lines[1])+9], measure.RecordCut, 3},
		{"cut behind a line", lines[0] + lines[1], measure.RecordCut, 2},
		{"damaged", lines[0] + "x" + lines[1] + lines[2], measure.RecordDamaged, 2},
		{"something behind its tail", good + lines[1], measure.RecordDamaged, len(lines)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, _ := record.Read(strings.NewReader(tt.text))
			if rec == nil {
				t.Fatal("nothing could be read")
			}
			got := measure.Of(rec).Reasons[0]
			if got.Code != tt.code || got.Line != tt.line || got.Verdict != measure.Unmeasurable {
				t.Errorf("reason %+v, want %s in line %d", got, tt.code, tt.line)
			}
		})
	}
}
