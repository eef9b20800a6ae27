package reports_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/model"
)

// TestEveryOlderSchemaRenders: records of the schemas before today's are measured, and
// rendered in both languages. What they say in English they say in English, and say so.
func TestEveryOlderSchemaRenders(t *testing.T) {
	for schema := 1; schema < record.Schema; schema++ {
		name := "schema" + string(rune('0'+schema)) + ".jsonl"
		rec, err := record.ReadFile(filepath.Join("..", "harness", "record", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if rec.Head.Schema != schema || rec.Tail == nil || len(rec.Phrases) > 0 {
			t.Fatalf("%s has schema %d, and %d phrases", name, rec.Head.Schema, len(rec.Phrases))
		}
		r := reports.Run{Drills: []reports.Drill{reports.Of(rec, "one")}}
		if d := r.Drills[0].Result; len(d.Outages) == 0 || !d.Writes.Counted {
			t.Errorf("%s: %d outages, writes counted: %v", name, len(d.Outages), d.Writes.Counted)
		}
		for _, lang := range []string{"en", "zh"} {
			page := rendered(t, func(w io.Writer) error { return asHTML(w, r, lang) })
			if got := strings.Contains(page, "「原文」"); got != (lang == "zh") {
				t.Errorf("%s, %s: marked as the original: %v", name, lang, got)
			}
			m, err := model.Of(r, lang)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range m.Drills[0].Sheet.Boxes {
				if b.Key == "pressed" && b.Value != "" {
					t.Errorf("%s: it does not know who pressed, and says %q", name, b.Value)
				}
			}
		}
	}
}

// TestLastTime: the sheet compares a drill with the newest earlier one of the same runbook,
// product and parameters, and with no other and not with itself.
func TestLastTime(t *testing.T) {
	drill := func(id string, days int, change func(*record.Record)) reports.Drill {
		rec := quick(5).run()
		rec.Head.Run, rec.Head.Began = id, rec.Head.Began.Add(time.Duration(days)*24*time.Hour)
		if change != nil {
			change(rec)
		}
		return reports.Of(rec, id)
	}
	now := drill("now", 0, nil)
	older, newer := drill("older", -9, nil), drill("newer", -2, nil)
	other := drill("other", -1, func(r *record.Record) { r.Head.Params = map[string]string{"commit": "on"} })
	for _, tt := range []struct {
		name string
		last []reports.Drill
		want string // the day
	}{
		{"none", nil, ""},
		{"itself and another", []reports.Drill{now, other}, ""},
		{"the newest", []reports.Drill{older, newer, other, now}, newer.Record.Head.Began.Format(time.DateOnly)},
	} {
		r := reports.Run{Drills: []reports.Drill{now}, Last: tt.last}
		m, err := model.Of(r, "zh")
		if err != nil {
			t.Fatal(err)
		}
		figures := m.Drills[0].Sheet.Figures
		got := figures[len(figures)-1].Value
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: the last time is %q, want %q", tt.name, got, tt.want)
		}
		if tt.want != "" && (!strings.Contains(got, "毫秒") || !strings.Contains(got, measureWord(now.Result.Verdict))) {
			t.Errorf("%s: %q has no outage or no verdict", tt.name, got)
		}
	}
}

func measureWord(v measure.Verdict) string {
	return map[measure.Verdict]string{measure.Met: "达标", measure.Missed: "未达标", measure.Unmeasurable: "不可测"}[v]
}
