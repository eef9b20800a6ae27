package reports_test

import (
	"bytes"
	"testing"
	"time"

	"drillbook/harness/record"
)

// long is a long drill at 200 writes a second with two outages.
func long(end time.Duration) *record.Record {
	f := quick(21)
	f.fault, f.rejoined, f.end = end/3, 2*end/3, end
	f.decided, f.up, f.served = f.fault+150*ms, f.fault+300*ms, f.fault+430*ms
	w := f.world()
	steady := w.client
	w.client = func(t time.Duration) reply {
		if t > end*5/6 && t < end*5/6+90*sec && int(t/ms)%4 == 0 {
			return hanging()
		}
		return steady(t)
	}
	w.run()
	w.readBack("pg2")
	return &w.rec
}

func BenchmarkHourHTML(b *testing.B) {
	r := run(long(time.Hour))
	var page bytes.Buffer
	b.ResetTimer()
	for b.Loop() {
		page.Reset()
		if err := asHTML(&page, r, "en"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(page.Len()), "page-bytes")
	b.ReportMetric(float64(len(r.Drills[0].Record.Attempts)), "attempts")
}
