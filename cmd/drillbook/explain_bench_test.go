package main

import (
	"io"
	"strings"
	"testing"
)

// BenchmarkExplainMatching reads lines of which every one has something known.
func BenchmarkExplainMatching(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"iris", "ERROR #2105: Matching mirrored DB :mirror:A:B in member C/IRIS was not created as mirrored DB\n"},
		{"dm8", "[monitor]         2031-02-03 04:05:06: takeover failed, code=-8400\n"},
		{"postgres", "2031-02-03 04:05:06.007 UTC [17] ERROR:  could not serialize access due to concurrent update\n"},
		{"log", "02/03/31-04:05:06:007 (123) 1 [Utility.Event] Becoming primary mirror server\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := strings.Repeat(c.line, 1<<20/len(c.line))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				e := explainer{out: io.Discard, w: wordsIn("en"), among: explained()}
				if err := e.console(strings.NewReader(text), "-"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
