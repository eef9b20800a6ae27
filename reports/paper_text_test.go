package reports_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/reports"
	"drillbook/reports/model"
	"drillbook/reports/office"
	"drillbook/reports/paper"
	"drillbook/runbooks"
)

// textOf is the text of a PDF without spaces, of which each program that makes one has its own.
func textOf(t *testing.T, pdf string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-raw", pdf, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext %s: %v", pdf, err)
	}
	return squeeze(string(out))
}

// needs skips a test where a program is missing that makes or reads paper.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts large programs")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip(err)
		}
	}
}

// TestPaperSaysEverything: the printed sheet of the planned switchover has every row of the
// hospitals' table, all that the cover says, and the number of pages, and nothing of where
// it was made.
func TestPaperSaysEverything(t *testing.T) {
	needs(t, "pdftotext")
	if _, err := paper.Find(); err != nil {
		t.Skip(err)
	}
	library, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	const name = "postgres/planned-switchover"
	i := slices.IndexFunc(library, func(b runbooks.Runbook) bool { return b.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	book, dir := library[i], t.TempDir()
	r := run(carriedOut(book))
	r.Cover = said(t)
	if err := os.Mkdir(filepath.Join(dir, r.Drills[0].Name), 0o755); err != nil {
		t.Fatal(err)
	}
	how := reports.Sheets{Lang: "zh", Formats: reports.Formats()}
	if err := reports.WriteSheets(t.Context(), dir, r, how); err != nil {
		t.Fatal(err)
	}
	sheet := filepath.Join(dir, r.Drills[0].Name, "sheet.pdf")
	got := textOf(t, sheet)
	want := []string{"第1页共", "第2页共2页"}
	alone := regexp.MustCompile(`\b[ab]\b`) // a member's name
	for _, s := range book.Steps {
		if s.Group != nil {
			want = append(want, s.Group.Title.In("zh"))
		}
		if !s.Blank {
			want = append(want, s.Title.In("zh"))
		}
		for _, row := range s.Rows {
			want = append(want, row.Title.In("zh"))
		}
	}
	c := r.Cover
	for i, title := range want {
		want[i] = alone.ReplaceAllStringFunc(title, func(member string) string { return c.Members[member] })
	}
	want = append(want, c.Number, c.Organisation, c.System, c.Members["a"], c.Members["b"], c.Purpose, c.Type, c.Basis,
		c.Place, c.Window.From, c.Window.To, c.Environment, c.Production, c.Ticket, "RTO≤5秒")
	want = append(want, c.Attachments...)
	for _, p := range slices.Concat(c.People, c.Approvers) {
		want = append(want, p.Name, p.Role)
	}
	for _, p := range c.Problems {
		want = append(want, p.Text, p.Grade, p.Action, p.Owner, p.Due)
	}
	for _, s := range want {
		s = strings.ReplaceAll(s, "`", "")
		if s == "" || !strings.Contains(got, squeeze(s)) {
			t.Errorf("the printed sheet does not say %q", s)
		}
	}
	for _, pdf := range []string{sheet, filepath.Join(filepath.Dir(sheet), "annex.pdf")} {
		if strings.Contains(textOf(t, pdf), "file://") {
			t.Errorf("%s says where it was made", pdf)
		}
	}
	if t.Failed() {
		t.Logf("it says %s", got)
	}
}

// TestOfficeOpens has LibreOffice open the documents and workbooks of all golden runs, and
// make paper of them that says all that the sheet says. `make sheets` does it.
func TestOfficeOpens(t *testing.T) {
	needs(t, "soffice", "pdftotext")
	if os.Getenv(everySheet) == "" {
		t.Skip("make sheets does it")
	}
	dir, sheets := t.TempDir(), map[string]model.Sheet{}
	for name, r := range cases() {
		for _, lang := range []string{"en", "zh"} {
			m, err := model.Of(r, lang)
			if err != nil {
				t.Fatal(err)
			}
			var docx, xlsx bytes.Buffer
			if err := office.DOCX(&docx, m.Drills[0].Sheet); err != nil {
				t.Fatal(err)
			}
			if err := office.XLSX(&xlsx, m.Drills[0]); err != nil {
				t.Fatal(err)
			}
			for kind, b := range map[string][]byte{"docx": docx.Bytes(), "xlsx": xlsx.Bytes()} {
				base := name + "-" + lang + "-" + kind
				if err := os.WriteFile(filepath.Join(dir, base+"."+kind), b, 0o600); err != nil {
					t.Fatal(err)
				}
				sheets[base] = m.Drills[0].Sheet
			}
		}
	}
	converted(t, dir)
	for base, s := range sheets {
		got := textOf(t, filepath.Join(dir, base+".pdf"))
		for _, want := range textsOf(s) {
			if !shows(got, squeeze(want)) {
				t.Errorf("%s: LibreOffice does not show %q", base, want)
			}
		}
	}
}

// shows reports whether the text of a PDF has another one. Marks come from a font of their
// own, and pdftotext puts them on a line of their own, above or below theirs: they must be
// there, and the text without them.
func shows(got, want string) bool {
	const marks = "✔✘⚠"
	words := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(marks, r) {
				return -1
			}
			return r
		}, s)
	}
	for _, mark := range marks {
		if strings.ContainsRune(want, mark) && !strings.ContainsRune(got, mark) {
			return false
		}
	}
	return strings.Contains(words(got), words(want))
}

// TestShows: marks may stand elsewhere, but must be there, and no word may be missing.
func TestShows(t *testing.T) {
	const want = "3trials:✔Met2,✘Missed1"
	for got, shown := range map[string]bool{
		"3trials:✔Met2,✘Missed1": true, "3trials:Met2,Missed1;lost0.✔✘": true, "3trials:Met2,Missed1": false,
		"3trials:✔✘Met2,Missed": false, "✔Met": false,
	} {
		if shows(got, want) != shown {
			t.Errorf("shows(%q, %q) = %t, want %t", got, want, !shown, shown)
		}
	}
}

// converted has LibreOffice make a PDF of each file of a folder.
func converted(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"-env:UserInstallation=file://" + t.TempDir(), "--headless", "--convert-to", "pdf", "--outdir", dir,
	}, files...)
	if out, err := exec.CommandContext(ctx, "soffice", args...).CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
}
