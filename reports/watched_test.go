package reports_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/record"
	"drillbook/reports"
)

// watched is the failover of quick, by hand on a cluster of somebody's own, without a
// promise. They marked what they did.
func watched() *record.Record {
	rec := quick(7).run()
	rec.Head.Runbook, rec.Head.Title = "postgres/watch", text("A cluster watched while people act", "人工操作期间的集群监看")
	rec.Head.Watched = &record.Watched{By: "Zhang San", Login: "user app, database shop, with TLS"}
	rec.Head.Promise = record.Promise{NoRTO: true, NoRPO: true}
	byHand(rec)
	return rec
}

// byHand leaves of a record what people have marked instead of drillbook's own acts.
func byHand(rec *record.Record) {
	marked := map[int]string{2: "pulled the cable", 3: "promoted pg2"}
	rec.Head.Steps = nil
	events := []record.Event{{At: 5 * sec, Kind: record.Healthy}}
	for _, e := range rec.Events {
		what, ok := marked[e.Step]
		switch {
		case e.Fault != "", e.Kind == record.Decided, e.Kind == record.Command, e.Step > 0 && !ok:
			continue
		case e.Kind == record.Began:
			events = append(events, record.Event{At: e.At, Kind: record.Marked, Step: e.Step, What: what})
		}
		events = append(events, e)
	}
	rec.Events = events
}

// lookedAt is the same with a runbook, of which only roles and reads were watched, at one
// address.
func lookedAt() *record.Record {
	rec := watched()
	rec.Head.Watched.ReadOnly = true
	rec.Head.Members = rec.Head.Members[:1]
	rec.Head.Steps = []record.Step{
		{Number: 2, Title: text("The primary’s host is lost", "主库所在主机丢失")},
		{Number: 3, Title: text("Promote the standby", "将备库提升为主库")},
	}
	for i := range rec.Events {
		if rec.Events[i].Kind == record.Marked && rec.Events[i].Step == 3 {
			rec.Events[i].What = "pg_ctl promote"
		}
	}
	at := map[uint8]uint8{} // where the streams are that are left
	var left []record.Stream
	for i, stream := range rec.Head.Streams {
		if stream.Kind == record.Reading || stream.Kind == record.Connect {
			at[uint8(i)] = uint8(len(left))
			left = append(left, stream)
		}
	}
	rec.Head.Streams = left
	rec.Attempts = slices.DeleteFunc(rec.Attempts, func(a record.Attempt) bool {
		_, ok := at[a.Stream]
		return !ok
	})
	for i := range rec.Attempts {
		rec.Attempts[i].Stream, rec.Attempts[i].Member = at[rec.Attempts[i].Stream], 0
	}
	rec.Events = slices.DeleteFunc(rec.Events, func(e record.Event) bool { return e.Member == "pg2" })
	rec.Copies = nil
	return rec
}

// The sheet of what nobody has promised names no limit.
func TestWatchedSheet(t *testing.T) {
	for _, lang := range reports.Languages() {
		dir := t.TempDir()
		r := run(watched())
		r.Drills[0].Name = "watch"
		if err := reports.Write(dir, r, lang); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(dir, reports.PageFile))
		if err != nil {
			t.Fatal(err)
		}
		text := string(page)
		limit := regexp.MustCompile(`(objective|目标|RTO) (≤|= 0)[^<]*`)
		if said := limit.FindString(text); said != "" || strings.Contains(text, "⟦") {
			t.Errorf("%s: the page says %q, and nothing was promised", lang, said)
		}
		if !strings.Contains(text, `class="sheet`) {
			t.Errorf("%s: there is no sheet", lang)
		}
	}
}
