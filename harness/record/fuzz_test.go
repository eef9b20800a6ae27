package record_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"drillbook/harness/record"
)

// seal puts the checksum before a line that is the first.
func seal(line string) string { return follow("", line) }

// follow adds lines to a journal, with their checksums.
func follow(journal string, lines ...string) string {
	sum := uint32(0)
	for line := range strings.Lines(journal) {
		_, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), []byte(body))
	}
	text := strings.Builder{}
	text.WriteString(journal)
	for _, line := range lines {
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), []byte(line))
		fmt.Fprintf(&text, "%08x %s\n", sum, line)
	}
	return text.String()
}

func laterHead(t *testing.T) string {
	t.Helper()
	return seal(fmt.Sprintf(`{"k":"head","v":{"schema":%d}}`, record.Schema+1))
}

// FuzzRead: whatever the bytes, reading does not panic, and what it returns
// keeps the promises that measuring relies on.
func FuzzRead(f *testing.F) {
	f.Add(journal(f))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, err := record.Read(bytes.NewReader(text))
		if rec == nil && err == nil {
			t.Fatal("neither a record nor an error")
		}
		checkRecord(t, rec)
	})
}

// FuzzLines: the same with lines whose checksums are right, so that their
// contents are read.
func FuzzLines(f *testing.F) {
	f.Add(`{"k":"attempts","v":[[0,1,2,3,4,1,0,1,1,0,0,0]]}`, `{"k":"tail","v":{"at":5}}`)
	f.Add(`{"k":"copy","v":{"member":"a"}}`, `{"k":"tokens","v":[[0,1,1],[9,9,9]]}`)
	f.Add(`{"k":"cause","v":"x"}`, `{"k":"event","v":{"at":-1,"kind":"began"}}`)
	var b buffer
	j, err := record.NewWriter(&b, head())
	if err != nil {
		f.Fatal(err)
	}
	if err := j.Close(record.Tail{}); err != nil {
		f.Fatal(err)
	}
	first, _, _ := strings.Cut(b.String(), "\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		if strings.Contains(one+two, "\n") {
			return
		}
		rec, err := record.Read(strings.NewReader(follow(first+"\n", one, two)))
		if rec == nil {
			t.Fatalf("the head was lost: %v", err)
		}
		checkRecord(t, rec)
	})
}

func checkRecord(t *testing.T, rec *record.Record) {
	t.Helper()
	if rec == nil {
		return
	}
	for _, a := range rec.Attempts {
		if int(a.Stream) >= len(rec.Head.Streams) || int(a.Member) > len(rec.Head.Members) ||
			int(a.Cause) >= len(rec.Causes) {
			t.Fatalf("attempt %+v points outside of the record", a)
		}
		if a.Done < a.Sent || a.Seq == 0 || a.Outcome > record.Refused {
			t.Fatalf("attempt %+v cannot be", a)
		}
	}
	for _, c := range rec.Copies {
		for _, s := range c.Tokens {
			if int(s.Member) > len(rec.Head.Members) {
				t.Fatalf("token %+v points outside of the record", s)
			}
		}
	}
}
