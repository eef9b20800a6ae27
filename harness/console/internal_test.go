package console

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// table is one with all that tables may have.
func table() Table {
	return Table{
		Name: regexp.MustCompile(`^[A-Z][A-Z0-9_$()]+$`), Telling: []string{"INAME", "WSTATUS"},
		Phrases: [][]string{{"AFTER", "REDO"}, {"OPEN", "FORCE"}}, Ends: func(string) bool { return false },
	}
}

// FuzzRow: every value of a row stands in its line, below a name of the
// header, and a row that is printed again, padded, reads the same.
func FuzzRow(f *testing.F) {
	f.Add("WTIME                WSTATUS  INAME", "2031-02-03 04:05:06  OPEN     A")
	f.Add("INAME ISTATUS IMODE RTYPE", "A AFTER REDO STANDBY REALTIME")
	f.Add("INAME     ISTATUS    IMODE", "A                    STANDBY")
	tab := table()
	f.Fuzz(func(t *testing.T, head, line string) {
		columns := tab.heading(head)
		if columns == nil {
			return
		}
		r := tab.row(columns, line)
		there := " " + strings.Join(strings.Fields(line), " ") + " "
		for name, value := range r {
			if !strings.Contains(there, " "+value+" ") || !strings.Contains(head, name) {
				t.Errorf("%s = %q of\n%s\n%s", name, value, head, line)
			}
		}
		var names, padded strings.Builder
		width := len(head) + len(line)
		used := map[string]bool{}
		for _, c := range columns {
			if r[c.text] == "" || used[c.text] {
				continue
			}
			used[c.text] = true
			names.WriteString(c.text + strings.Repeat(" ", width-utf8.RuneCountInString(c.text)+1))
			padded.WriteString(r[c.text] + strings.Repeat(" ", width-utf8.RuneCountInString(r[c.text])+1))
		}
		again := tab.heading(names.String())
		if again == nil || len(tab.values(padded.String())) != len(again) {
			return // too little of it is left, or what is left would be joined
		}
		if got := tab.row(again, padded.String()); !maps.Equal(got, r) {
			t.Errorf("printed again it is %q, was %q", got, r)
		}
	})
}

// FuzzWhole: text that comes in parts, cut anywhere, is passed on in whole
// characters and ends of lines, and without delay.
func FuzzWhole(f *testing.F) {
	f.Add("处于主库打开状态", uint(4))
	f.Add("a😀b", uint(3))
	f.Add("a\r\nb", uint(2))
	f.Fuzz(func(t *testing.T, text string, at uint) {
		if !utf8.ValidString(text) {
			return
		}
		part := text[:min(at, uint(len(text)))]
		end := whole(part)
		if !utf8.ValidString(part[:end]) || strings.HasSuffix(part[:end], "\r") && end == len(part) ||
			len(part)-end >= utf8.UTFMax {
			t.Errorf("%q is passed on of %q", part[:end], part)
		}
		if utf8.ValidString(part) && end != len(part) && part[end:] != "\r" {
			t.Errorf("%q is held back of %q", part[end:], part)
		}
	})
}
