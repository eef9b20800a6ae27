package drillbook_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"drillbook/runbooks"
)

// sections of seed 004, by chapter and heading; "A" is its appendix.
func sections() []string {
	return []string{
		"1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4", "3.5", "4.1", "4.2", "4.3",
		"5.1", "5.2", "5.3", "5.4", "6.1", "6.2", "6.3", "6.4", "7", "8", "9", "10", "11.1", "11.2",
		"12.1", "12.2.1", "12.2.2", "12.2.3", "12.2.4", "12.3.1", "12.3.2", "13", "A",
	}
}

// carried is a cell such as "[dm8/takeover](../runbooks/dm8/takeover.md) 3, 4".
var carried = regexp.MustCompile(`\[([a-z0-9]+/[a-z-]+)\]\(\.\./runbooks/([a-z0-9]+/[a-z-]+)\.md\) ([0-9, ]+)`)

// TestEverySectionOfSeed004IsCarriedOut reads the table of docs/seeds.md.
func TestEverySectionOfSeed004IsCarriedOut(t *testing.T) {
	lib, part := seedPart(t, "Seed 004: DM8 Data Watch")
	table := tableRows(t, part, "section")
	seen := make([]string, 0, len(table))
	for _, cells := range table {
		section := cells[0]
		seen = append(seen, section)
		steps := carried.FindAllStringSubmatch(cells[2], -1)
		if len(steps) == 0 {
			t.Errorf("section %s names no step that carries it out: %s", section, cells[2])
		}
		for _, m := range steps {
			if m[1] != m[2] {
				t.Errorf("section %s: %s leads to %s", section, m[1], m[2])
			}
			checkSteps(t, lib, section, m[1], m[3])
		}
	}
	for _, s := range sections() {
		if !slices.Contains(seen, s) {
			t.Errorf("section %s of seed 004 has no row", s)
		}
	}
}

// seedPart returns the runbooks, and the part of docs/seeds.md below a heading.
func seedPart(t *testing.T, heading string) (runbooks.Library, string) {
	t.Helper()
	page, err := os.ReadFile("docs/seeds.md")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/seeds.md has no part %q", heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	return lib, part
}

// tableRows are the rows, of three cells, of the table whose heading begins with a word.
func tableRows(t *testing.T, part, head string) [][]string {
	t.Helper()
	_, table, _ := strings.Cut(part, "\n| "+head+" |")
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rows := make([][]string, 0, len(lines))
	for _, line := range lines[min(2, len(lines)):] { // behind the heading and the rule
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i, c := range cells {
			cells[i] = strings.TrimSpace(c)
		}
		if len(cells) != 3 {
			t.Fatalf("docs/seeds.md: %q has not three cells", line)
		}
		rows = append(rows, cells)
	}
	return rows
}

// checkSteps makes sure that a runbook has the steps of a row.
func checkSteps(t *testing.T, lib runbooks.Library, section, name, numbers string) {
	t.Helper()
	book, err := lib.Get(name)
	if err != nil {
		t.Errorf("section %s: %v", section, err)
		return
	}
	for text := range strings.SplitSeq(numbers, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > len(book.Steps) {
			t.Errorf("section %s: %s has no step %q; it has %d", section, name, text, len(book.Steps))
		}
	}
}

// TestEveryRowOfSeed000IsCarriedOut: docs/seeds.md has the rows of the failover test
// table, group by group, and the runbook has the same ones in the same order.
func TestEveryRowOfSeed000IsCarriedOut(t *testing.T) {
	lib, part := seedPart(t, "Seed 000: the failover test table (section 10), on PostgreSQL")
	book, err := lib.Get("postgres/planned-switchover")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cells := range tableRows(t, part, "row of the table") {
		if cells[1] == "" {
			got = append(got, strings.Trim(cells[0], "*"))
		} else {
			got = append(got, cells[1])
		}
	}
	want, rows := form(book)
	if !slices.Equal(got, want) {
		t.Errorf("docs/seeds.md has the groups and rows\n%q, the runbook has\n%q", got, want)
	}
	if rows != 24 {
		t.Errorf("the runbook has %d rows, want the 24 of the table", rows)
	}
}

// form is the groups of a runbook, by their Chinese titles, and the numbers of its rows,
// and how many rows there are.
func form(book runbooks.Runbook) (lines []string, rows int) {
	for _, s := range book.Steps {
		if s.Group != nil {
			title, _, _ := strings.Cut(s.Group.Title.In("zh"), "（") // what follows translates it
			lines = append(lines, title)
		}
		if len(s.Rows) == 0 {
			lines = append(lines, strconv.Itoa(s.Number))
		}
		for n := range s.Rows {
			lines = append(lines, strconv.Itoa(s.Number)+"."+strconv.Itoa(n+1))
		}
		rows += max(1, len(s.Rows))
	}
	return lines, rows
}
