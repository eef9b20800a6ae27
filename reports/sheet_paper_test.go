package reports_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/cover"
	"drillbook/reports/model"
	"drillbook/reports/paper"
	"drillbook/reports/sheet"
	"drillbook/runbooks"
)

// carriedOut is a drill of a runbook in which all steps went well, and one outage came
// with the first step that allows one.
func carriedOut(book runbooks.Runbook) *record.Record {
	w := newWorld(7, time.Duration(len(book.Steps))*sec+8*sec)
	h := &w.rec.Head
	h.Schema, h.Runbook, h.Title, h.Source = record.Schema, book.Name, record.Text(book.Title), book.Source.In("en")
	h.Sources = record.Text(book.Source)
	h.Product, _, _ = strings.Cut(book.Name, "/")
	h.Promise = record.Promise{RTO: book.RTO, RPO: book.RPO}
	h.Members = []string{"a", "b"}
	h.Streams[direct1].Member, h.Streams[direct2].Member = "a", "b"
	for i := range w.rec.Events {
		w.rec.Events[i].Member = strings.NewReplacer("pg1", "a", "pg2", "b").Replace(w.rec.Events[i].Member)
	}
	var down time.Duration
	for i, st := range book.Steps {
		at := time.Duration(i)*sec + 4*sec
		s := record.Step{
			Title: record.Text(st.Title), Comment: record.Text(st.Comment), Planned: st.Planned, Allowed: st.Allowed,
			Blank: st.Blank,
		}
		if st.Group != nil {
			s.Group = &record.Group{Title: record.Text(st.Group.Title), Comment: record.Text(st.Group.Comment)}
		}
		for n, r := range st.Rows {
			s.Rows = append(s.Rows, record.Row{Title: record.Text(r.Title), Comment: record.Text(r.Comment)})
			w.event(record.Event{
				At: at + 10*ms, Kind: record.Finding, Step: i + 1, Row: n + 1, What: "1", Answer: "0",
			})
		}
		w.step(s, at, at+900*ms)
		if st.Allowed != nil && *st.Allowed > 0 && down == 0 {
			down = at + 100*ms
			w.event(record.Event{At: down, Kind: record.Decided, Member: "b", Step: i + 1})
			w.role(down+300*ms, "a", "standby")
			w.role(down+300*ms, "b", "primary")
		}
	}
	w.client = func(t time.Duration) reply {
		if down > 0 && t >= down && t < down+412*ms {
			return refused("connection refused")
		}
		return acked(1, 1)
	}
	w.run()
	w.readBack("b")
	return &w.rec
}

// said is a cover that says something of everything.
func said(t *testing.T) *cover.Cover {
	t.Helper()
	c, err := cover.ReadFile(filepath.Join("testdata", "cover.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// worstCase is a drill with more steps, rows, problems and text than any page takes.
func worstCase() *record.Record {
	w := newWorld(8, 300*sec)
	long := strings.Repeat("一段很长的说明，", 80)
	for i := range 150 {
		s := record.Step{Title: text(long, long), Comment: text(long, long), Planned: new(ms), Allowed: new(0 * sec)}
		if i%10 == 0 {
			s.Group = &record.Group{Title: text(long, long), Comment: text(long, long)}
		}
		w.step(s, time.Duration(i)*sec+5*sec, time.Duration(i)*sec+5500*ms)
		w.rec.Events[len(w.rec.Events)-1].Err = long
	}
	w.run()
	return &w.rec
}

// papers are the runs whose sheets are printed, by name.
func papers(t *testing.T) map[string]reports.Run {
	t.Helper()
	all := cases()
	library, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range library {
		r := run(carriedOut(book))
		r.Cover = said(t)
		all[strings.ReplaceAll(book.Name, "/", "-")] = r
	}
	worst := run(worstCase())
	c := *said(t)
	for range 200 {
		c.Problems = append(c.Problems, cover.Problem{
			Text: strings.Repeat("问题", 400), Action: strings.Repeat("措施", 400),
		})
		c.Approvers = append(c.Approvers, cover.Person{Name: strings.Repeat("名", 100), Role: "科室负责人"})
		c.Attachments = append(c.Attachments, strings.Repeat("附件", 20))
	}
	c.Purpose, c.Place, c.Environment = strings.Repeat("目的", 900), strings.Repeat("地", 900), strings.Repeat("环", 900)
	worst.Cover = &c
	all["worst"] = worst
	return all
}

// everySheet has all sheets printed, and not only the longest ones.
const everySheet = "DRILLBOOK_EVERY_SHEET"

// longest are the sheets that need most of their two pages.
func longest() []string {
	return []string{"worst.zh", "postgres-planned-switchover.en", "iris-planned-switch-and-failback.zh"}
}

// TestSheetsTakeTwoPages prints sheets; `make sheets` those of all runbooks and of all
// golden cases. Where DRILLBOOK_PAPER names a folder, it keeps them there, with pictures of
// their pages.
func TestSheetsTakeTwoPages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	printer, err := paper.Find()
	if err != nil {
		t.Skip(err)
	}
	keep, printed := os.Getenv("DRILLBOOK_PAPER"), 0
	for name, r := range papers(t) {
		for _, lang := range []string{"en", "zh"} {
			name := name + "." + lang
			if os.Getenv(everySheet) == "" && !slices.Contains(longest(), name) {
				continue
			}
			printed++
			t.Run(name, func(t *testing.T) {
				m, err := model.Of(r, lang)
				if err != nil {
					t.Fatal(err)
				}
				s := m.Drills[0].Sheet
				var html bytes.Buffer
				if err := sheet.Write(&html, s); err != nil {
					t.Fatal(err)
				}
				pdf, err := printer.Print(t.Context(), html.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				if n := paper.Pages(pdf); n < 1 || n > 2 {
					t.Errorf("the sheet takes %d pages at level %d, want at most 2", n, sheet.Fit(s))
				}
				t.Logf("level %d, %d pages", sheet.Fit(s), paper.Pages(pdf))
				kept(t, keep, name, html.Bytes(), pdf)
			})
		}
	}
	if printed < len(longest()) {
		t.Errorf("%d sheets were printed, want %v at least", printed, longest())
	}
}

func kept(t *testing.T, dir, name string, html, pdf []byte) {
	t.Helper()
	if dir == "" {
		return
	}
	base := filepath.Join(dir, name)
	for ext, b := range map[string][]byte{".html": html, ".pdf": pdf} {
		if err := os.WriteFile(base+ext, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("pdftoppm", "-r", "90", "-png", base+".pdf", base).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("pdftoppm: %w: %s", err, out))
	}
}
