package reports_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// filledIn is a drill by a form of two groups, one of its steps with rows of which one
// can be seen in part only, and one row without words.
func filledIn() *record.Record { return formOf(false) }

// brokenOff is such a drill whose second row is found to be wrong, which ends it.
func brokenOff() *record.Record { return formOf(true) }

func formOf(broken bool) *record.Record {
	w := newWorld(21, 12*sec)
	h := &w.rec.Head
	h.Schema, h.Seed = record.Schema, 0
	w.from("“Configuring synchronous mirror servers”, section 10", "《同步镜像服务器的配置》第 10 节")
	h.Runbook, h.Title = "postgres/planned-switchover", text("Planned switchover", "计划内切换")
	w.step(record.Step{
		Title:   text("Look at the primary", "查看主用服务器"),
		Comment: text("It may be skipped.", "此步可跳过。"),
		Group:   &record.Group{Title: text("Preparation", "测试准备")},
	}, 5*sec, 5500*ms)
	w.step(record.Step{
		Title: text("Compare both", "主备服务器一致性检查"), Comment: text("Both must be the same.", "主备一致。"),
		Planned: new(2 * 60 * sec),
		Rows: []record.Row{
			{Title: text("Settings; jobs", "Journal 配置；task 配置"), Comment: text("The same on both.", "主备一致。")},
			{Title: text("Files | paths", "文件 | 路径")},
			{
				Title:   text("A web server’s configuration", "CSP server 配置"),
				Comment: text("If there is one.", "如果用到 CSP 应用。"),
			},
		},
	}, 6*sec, 7*sec)
	w.event(record.Event{
		At: 6100 * ms, Kind: record.Finding, Step: 2, Row: 1, What: w.say("settings"),
		Answer: "312 compared, 0 differ\nexpected: the address",
	})
	w.event(record.Event{
		At: 6110 * ms, Kind: record.Finding, Step: 2, Row: 1, What: w.say("jobs outside of the database"), Unseen: true,
		Err: "not seen from here: timers of the system",
	})
	if broken {
		wrong := record.Event{
			At: 6200 * ms, Kind: record.Finding, Step: 2, Row: 2,
			What: w.say("access rules"), Answer: w.say("%s against %s", "6", "7"),
			Err: w.say("%s differs", "pg_hba.conf"),
		}
		w.event(wrong)
		for i := range w.rec.Events {
			if e := &w.rec.Events[i]; e.Kind == record.Ended && e.Step == 2 {
				e.Err = wrong.Err
			}
		}
	} else {
		w.event(record.Event{
			At: 6200 * ms, Kind: record.Finding, Step: 2, Row: 2, What: w.say("access rules"), Answer: "7 are the same",
		})
		w.event(record.Event{
			At: 6300 * ms, Kind: record.Finding, Step: 2, Row: 3, What: "web server", Answer: w.say("none"),
		})
	}
	reached := sec
	if broken {
		reached = 0
	}
	w.step(record.Step{
		Title: text("Turn off logging", "关闭语句日志"), Comment: text("As it was before.", "恢复原状。"),
		Planned: new(2 * 60 * sec), Blank: true,
		Group: &record.Group{
			Title:   text("Execution", "测试执行"),
			Comment: text("server01 is the primary.", "server01 为 Primary。"),
		},
	}, 8*reached, 9*reached)
	w.run()
	w.readBack("pg1")
	return &w.rec
}

// TestFormInMarkdown: what the golden files show line by line holds in both languages:
// groups, rows with their outcomes, and a row without words.
func TestFormInMarkdown(t *testing.T) {
	for lang, want := range map[string][]string{
		"en": {
			"|  | **Preparation** |  |", "|  | **Execution** | **server01 is the primary.** |",
			"| 2.1 | Settings; jobs | The same on both.<br>settings: 312 compared, 0 differ<br>" +
				"jobs outside of the database: not seen from here: timers of the system " +
				"|  |  |  |  | ? not seen from here |",
			"| 2 min | ✔ passed; not seen from here: 1 |",
			"Rows that the drill could not look at, or not at all of them: 1.",
			`| 2.2 | Files \| paths | access rules: 7 are the same |  |  |  |  | ✔ as expected |`,
			"| 3 |  |  | none | – | 1 s | 2 min | ✔ passed |",
		},
		"zh": {
			"|  | **测试准备** |  |", "| 2.3 | CSP server 配置 | 如果用到 CSP 应用。<br>「原文」web server：无 |",
			"| ? 此处无法查看 |",
			"| 3 |  |  | 无 | – | 1 秒 | 2 分钟 | ✔ 通过 |",
		},
	} {
		page := rendered(t, func(w io.Writer) error { return asMarkdown(w, run(filledIn()), lang) })
		page = strings.ReplaceAll(page, "\u00a0", " ")
		for _, line := range want {
			if !strings.Contains(page, line) {
				t.Errorf("%s: the form has no %s in\n%s", lang, line, page)
			}
		}
	}
}

// A row that is wrong fails, one that nobody looked at is skipped, and none of them
// changes what the promise's own case says.
func TestFormInJUnit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rec     *record.Record
		verdict measure.Verdict
		rows    string // of each case: passed, Failed, Skipped or Error
	}{
		{"filled in", filledIn(), measure.Met, "pp" + "spp" + "pp"},
		{"broken off", brokenOff(), measure.Missed, "pF" + "sFs" + "sF"},
	} {
		r := run(tt.rec)
		if got := r.Drills[0].Result; got.Verdict != tt.verdict {
			t.Errorf("%s: verdict %s, want %s: %+v", tt.name, got.Verdict, tt.verdict, got.Reasons)
		}
		var got struct {
			Suites []suite `xml:"testsuite"`
		}
		text := rendered(t, func(w io.Writer) error { return asJUnit(w, r) })
		if err := xml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		ended := ""
		for _, c := range got.Suites[0].Cases {
			switch {
			case c.Failure != nil:
				ended += "F"
			case c.Error != nil:
				ended += "E"
			case c.Skipped != nil:
				ended += "s"
			default:
				ended += "p"
			}
		}
		if ended != tt.rows {
			t.Errorf("%s: the cases ended %s, want %s", tt.name, ended, tt.rows)
		}
		if name := got.Suites[0].Cases[3].Name; name != "2.2 Files | paths" {
			t.Errorf("%s: a row is called %q", tt.name, name)
		}
	}
}

// A row that no check answered in a step that passed is shown, and spoils the step and
// the drill.
func TestFormWithARowThatNobodyAnswered(t *testing.T) {
	rec := filledIn()
	for i := range rec.Events {
		if e := &rec.Events[i]; e.Row == 3 {
			e.Row = 0
		}
	}
	r := run(rec)
	if got := r.Drills[0].Result.Verdict; got != measure.Unmeasurable {
		t.Errorf("verdict %s, want %s", got, measure.Unmeasurable)
	}
	page := rendered(t, func(w io.Writer) error { return asMarkdown(w, r, "en") })
	page = strings.ReplaceAll(page, "\u00a0", " ")
	for _, want := range []string{
		"Step 2: rows of the form that no check of the drill answered: 1.",
		"| ? passed; not seen from here: 1; not answered: 1 |",
		"| If there is one. |  |  |  |  | ? not answered |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}
