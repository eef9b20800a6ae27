package dsl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// TestTableOfPlannedSwitch: the Chinese report of iris/planned-switch-and-failback is the
// table 「同步镜像服务器的配置」 of the hospitals: its groups and its 24 rows, one of them without
// words, in its order, and what is planned for each.
func TestTableOfPlannedSwitch(t *testing.T) {
	rows := [][2]string{ // of a group or a row: what it begins with, and what is planned
		{"测试准备"},
		{"Primary Failover Member（主用服务器）配置及状态检查"},
		{"内存"},
		{"系统仪表板"},
		{"Ensemble production 自启动"},
		{"Mirror配置"},
		{"Mirror状态"},
		{"主备服务器一致性检查"},
		{"Journal配置"},
		{"产品自启动"},
		{"loaded HL7 v2, XML and other schemas"},
		{"数据库Global mapping"},
		{"CSP server配置"},
		{"连接性检查"},
		{"所有外部系统"},
		{"产品类或routine"},
		{"主机任何写入磁盘文件"},
		{"测试执行"},
		{"Turn on CACHETRM logging"},
		{"执行Server01到Server02的切换", "2 分钟"},
		{"Run Functional Validation Tests", "15 分钟"},
		{"检查server01状态", "0 分钟"},
		{"", "2 分钟"},
		{"Final Check and Tasks"},
		{"Run TrakCare Functional Validation Tests", "15 分钟"},
		{"Check status of 主机和备机", "0 分钟"},
		{"Check status of mirror状态", "0 分钟"},
		{"检查外部连接"},
		{"Steps - Failback Strategy to Original State"},
		{"Turn on CACHETRM logging", "2 分钟"},
		{"设置server01为primary", "5 分钟"},
		{"合计", "41 分钟"},
	}
	got := tableOf(t, "iris/planned-switch-and-failback")
	if len(got) != len(rows) {
		t.Fatalf("the table has %d rows, want %d:\n%q", len(got), len(rows), got)
	}
	for i, want := range rows {
		words, planned := strings.Trim(got[i][1], "*"), got[i][len(got[i])-2]
		if !strings.HasPrefix(words, want[0]) || want[0] == "" && words != "" {
			t.Errorf("row %d is %q, want %q", i+1, words, want[0])
		}
		planned = strings.Trim(planned, "–*") // of a heading nothing can be planned, of a step nothing is
		if planned != want[1] {
			t.Errorf("row %d, %q: %q is planned, want %q", i+1, words, planned, want[1])
		}
	}
}

// tableOf are the cells of the table in the Chinese report of a drill that went well.
func tableOf(t *testing.T, name string) [][]string {
	t.Helper()
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	book, err := lib.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	rec := &record.Record{
		Head: record.Head{
			Schema: record.Schema, Runbook: book.Name, Title: record.Text(book.Title), Members: []string{"a", "b"},
			Trial: 1, Trials: 1, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		},
		Causes: []string{""}, Tail: &record.Tail{At: time.Hour},
	}
	for n, s := range book.Steps {
		at := time.Duration(n) * time.Minute
		rec.Head.Steps = append(rec.Head.Steps, newStep(s))
		rec.Events = append(rec.Events, record.Event{At: at, Kind: record.Began, Step: s.Number})
		for row := range s.Rows {
			rec.Events = append(rec.Events, record.Event{
				At: at + time.Second, Kind: record.Finding, Step: s.Number, Row: row + 1, What: "x", Answer: "the same",
			})
		}
		rec.Events = append(rec.Events, record.Event{At: at + time.Minute, Kind: record.Ended, Step: s.Number})
	}
	dir := t.TempDir()
	run := reports.Run{Drills: []reports.Drill{reports.Of(rec, "drill")}, Generator: "drillbook"}
	if err := reports.Write(dir, run, "zh"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, reports.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	_, table, _ := strings.Cut(string(text), "| --- |\n") // below the head
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(strings.ReplaceAll(table, "\u00a0", " ")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}
