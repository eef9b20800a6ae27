package office_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/xuri/excelize/v2"

	"drillbook/reports/office"
)

var update = flag.Bool("update", false, "make the forms anew")

// formRows are the rows of the form in a language; an empty one stands between its parts.
func formRows(lang string) [][]string {
	if lang == "zh" {
		return [][]string{
			{"同步镜像服务器的配置：切换测试表"},
			{"编号", "{{number}}", "", "单位", "{{organisation}}"},
			{"系统", "{{system}}", "", "成员", "{{members}}"},
			{"演练时间", "{{when}}", "", "参演人员", "{{people}}"},
			{"结论", "{{verdict}}", "", "最长写入中断", "{{outage}}（{{outage.note}}）"},
			{"丢失", "{{lost}}", "", "脑裂", "{{split}}"},
			{},
			{"测试步骤", "Comments", "宕机时间", "实测宕机时间", "测试时间", "实际用时", "结果"},
			steps(),
			{"Total", "", "", "{{total.downtime}}", "{{total.planned}}", "{{total.took}}", "{{total.outcome}}"},
			{},
			{"问题", "整改措施", "等级", "责任人", "完成期限"},
			{"{{problem.text}}", "{{problem.action}}", "{{problem.grade}}", "{{problem.owner}}", "{{problem.due}}"},
			{},
			{"角色", "意见", "", "姓名及签字", "", "日期"},
			{"{{signer.role}}", "{{signer.choices}}", "", "{{signer.name}}"},
			{},
			{"运行编号", "{{run}}", "", "记录 SHA-256", "{{sha256}}"},
		}
	}
	return [][]string{
		{"Mirrored servers: test of the switchover"},
		{"No.", "{{number}}", "", "Organisation", "{{organisation}}"},
		{"System", "{{system}}", "", "Members", "{{members}}"},
		{"Drilled", "{{when}}", "", "People", "{{people}}"},
		{"Verdict", "{{verdict}}", "", "Longest outage of writes", "{{outage}} ({{outage.note}})"},
		{"Lost", "{{lost}}", "", "Split brain", "{{split}}"},
		{},
		{"Step", "Comments", "Downtime allowed", "Downtime measured", "Time planned", "Time taken", "Outcome"},
		steps(),
		{"Total", "", "", "{{total.downtime}}", "{{total.planned}}", "{{total.took}}", "{{total.outcome}}"},
		{},
		{"Problem", "Action", "Grade", "Owner", "Due"},
		{"{{problem.text}}", "{{problem.action}}", "{{problem.grade}}", "{{problem.owner}}", "{{problem.due}}"},
		{},
		{"Role", "Opinion", "", "Name and signature", "", "Date"},
		{"{{signer.role}}", "{{signer.choices}}", "", "{{signer.name}}"},
		{},
		{"Run", "{{run}}", "", "SHA-256 of the record", "{{sha256}}"},
	}
}

func steps() []string {
	return []string{
		"{{step.number}} {{step.title}}", "{{step.comment}}", "{{step.allowed}}", "{{step.downtime}}",
		"{{step.planned}}", "{{step.took}}", "{{step.outcome}}",
	}
}

// makeForm makes the form of these rows.
func makeForm(t *testing.T, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	border := make([]excelize.Border, 0, 4)
	for _, side := range []string{"left", "top", "right", "bottom"} {
		border = append(border, excelize.Border{Type: side, Style: 1, Color: "333333"})
	}
	style := func(bold bool, size float64, fill string) int {
		s := &excelize.Style{
			Border: border, Font: &excelize.Font{Bold: bold, Size: size, Family: "Arial"},
			Alignment: &excelize.Alignment{Vertical: "top", WrapText: true},
		}
		if fill != "" {
			s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}
		}
		n, err := f.NewStyle(s)
		ok(err)
		return n
	}
	title, head, cell := style(true, 14, ""), style(true, 9, "EEF0F2"), style(false, 9, "")
	for y, row := range rows {
		for x, s := range row {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			ok(err)
			ok(f.SetCellStr("Sheet1", at, s))
			look := cell
			if !bytes.Contains([]byte(s), []byte("{{")) && s != "" {
				look = head
			}
			ok(f.SetCellStyle("Sheet1", at, at, look))
		}
	}
	ok(f.SetRowHeight("Sheet1", 1, 24))
	ok(f.MergeCell("Sheet1", "A1", "G1"))
	for _, row := range []int{2, 3, 4, 5, 6, len(rows)} { // names and values
		for _, m := range [][2]string{{"B", "C"}, {"E", "G"}} {
			from, to := fmt.Sprint(m[0], row), fmt.Sprint(m[1], row)
			ok(f.MergeCell("Sheet1", from, to))
			ok(f.SetCellStyle("Sheet1", from, to, cell))
		}
	}
	for _, row := range []int{len(rows) - 3, len(rows) - 2} { // who signs
		look := map[int]int{len(rows) - 3: head, len(rows) - 2: cell}[row]
		for _, m := range [][2]string{{"B", "C"}, {"D", "E"}, {"F", "G"}} {
			from, to := fmt.Sprint(m[0], row), fmt.Sprint(m[1], row)
			ok(f.MergeCell("Sheet1", from, to))
			ok(f.SetCellStyle("Sheet1", from, to, look))
		}
	}
	ok(f.SetRowHeight("Sheet1", len(rows)-2, 28))
	ok(f.SetCellStyle("Sheet1", "A1", "G1", title))
	for column, width := range map[string]float64{"A": 34, "B": 52, "C": 12, "D": 22, "E": 16, "F": 14, "G": 16} {
		ok(f.SetColWidth("Sheet1", column, column, width))
	}
	paper, landscape, wide, high := 9, "landscape", 1, 0
	ok(f.SetPageLayout("Sheet1", &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high,
	}))
	ok(f.SetSheetProps("Sheet1", &excelize.SheetPropsOptions{FitToPage: new(true)}))
	var b bytes.Buffer
	ok(f.Write(&b))
	return b.Bytes()
}

// TestForm: the form that comes with drillbook says what it should, and can be filled in.
func TestForm(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		if *update {
			if err := os.WriteFile("form."+lang+".xlsx", makeForm(t, formRows(lang)), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		form, err := office.Form(lang)
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range formRows(lang) {
			for x, want := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if got, _ := f.GetCellValue("Sheet1", at); want != "" && got != want {
					t.Errorf("%s: %s = %q, want %q: make it anew with -update", lang, at, got, want)
				}
			}
		}
		s := drill("x").Sheet
		for _, key := range []string{"organisation", "system", "members", "when", "people"} {
			box := s.Boxes[0]
			box.Key = key
			s.Boxes = append(s.Boxes, box)
		}
		if err := office.Fill(io.Discard, form, s); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
	if _, err := office.Form("fr"); err == nil {
		t.Error("there is a French form")
	}
}
