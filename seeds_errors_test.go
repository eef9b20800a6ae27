package drillbook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/fixtures/iris/console"
)

// errors000 are the numbers of errors that seed 000 names; seed 004 names none.
func errors000() []string {
	return []string{"#2086", "#2088", "#2105", "#2118", "#2136", "#2174", "#2207"}
}

// numbered is a number of IRIS.
var numbered = regexp.MustCompile(`#\d{4}\b`)

// TestEveryErrorOfSeed000HasItsStep reads both tables of errors in docs/seeds.md: the step
// is about that error, and explain knows it.
func TestEveryErrorOfSeed000HasItsStep(t *testing.T) {
	lib, part := seedPart(t, "Seed 000: InterSystems IRIS mirroring")
	before, beside, ok := strings.Cut(part, "\nBeside these")
	if !ok {
		t.Fatal("docs/seeds.md has no errors beside those of the seed")
	}
	var named []string
	for _, cells := range append(tableRows(t, before, "error"), tableRows(t, beside, "error")...) {
		checkEntry(t, lib, cells[0], cells[2])
		number := numbered.FindString(cells[0])
		if number == "" {
			continue
		}
		named = append(named, number)
		if _, ok := console.Explain(number); !ok {
			t.Errorf("explain does not know %s", number)
		}
		for _, m := range carried.FindAllStringSubmatch(cells[2], -1) {
			checkIsAbout(t, m[1], m[3], number)
		}
	}
	for _, number := range errors000() {
		if !slices.Contains(named, number) {
			t.Errorf("%s of seed 000 has no row", number)
		}
	}
}

// checkIsAbout makes sure that a step of a page has a number in its title.
func checkIsAbout(t *testing.T, page, step, number string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("runbooks", filepath.FromSlash(page)+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "## "+strings.TrimSpace(step)+". ") {
			if !strings.Contains(line, number) {
				t.Errorf("%s, step %s, is not about %s: %s", page, step, number, line)
			}
			return
		}
	}
	t.Errorf("%s has no step %s", page, step)
}

// TestErrorsOfSeed000AreTheDocuments reads the document itself, where there is one.
func TestErrorsOfSeed000AreTheDocuments(t *testing.T) {
	dir := os.Getenv("SEEDS")
	if dir == "" {
		t.Skip("SEEDS names no folder with the seeds")
	}
	files, err := filepath.Glob(filepath.Join(dir, "000_*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("seed 000 in %s: %v, %v", dir, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	numbers := numbered.FindAllString(string(text), -1)
	slices.Sort(numbers)
	if numbers = slices.Compact(numbers); !slices.Equal(numbers, errors000()) {
		t.Errorf("seed 000 names %q, not %q", numbers, errors000())
	}
}

// TestNothingOfTheSeedsIsLeftOpen: each section that has no step says why for ever.
func TestNothingOfTheSeedsIsLeftOpen(t *testing.T) {
	_, part := seedPart(t, "What is carried out on IRIS and DM8 only")
	rows := 0
	for line := range strings.Lines(part) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| section") {
			continue
		}
		if rows++; len(cells) != 2 || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("%q says not why", line)
		}
	}
	if rows == 0 {
		t.Error("no section is named")
	}
	if page, err := os.ReadFile("docs/seeds.md"); err != nil || strings.Contains(string(page), "carries yet") {
		t.Errorf("docs/seeds.md has a part of what is open (%v)", err)
	}
}
