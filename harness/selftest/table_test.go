package selftest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// row is a line of the detection table.
type row struct {
	defect, expected, found string
	figures                 []figure
	caught                  bool
}

// tally gathers what came of all drills.
type tally struct {
	mu      sync.Mutex // guards all below
	rows    []row      // by defect
	alarms  []string
	healthy int // runs on databases without a defect
}

func newTally(defects int) *tally { return &tally{rows: make([]row, defects)} }

func (t *tally) note(i int, r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[i] = r
}

// noteHealthy counts a run on a database without a defect, and what it raised.
func (t *tally) noteHealthy(name, alarm string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.healthy++
	if alarm != "" {
		t.alarms = append(t.alarms, name+": "+alarm)
	}
}

// last is the line that says it all.
func (t *tally) last() string {
	caught := 0
	for _, r := range t.rows {
		if r.caught {
			caught++
		}
	}
	return fmt.Sprintf("%d caught, %d missed, %d false alarms", caught, len(t.rows)-caught, len(t.alarms))
}

// figureTexts says what was found and, in brackets, what is true.
func (r row) figureTexts() string {
	texts := make([]string, 0, len(r.figures))
	for _, f := range r.figures {
		texts = append(texts, fmt.Sprintf("%s %s (%s)", f.name, f.found, f.truth))
	}
	return strings.Join(texts, "; ")
}

// text is the whole table for a terminal.
func (t *tally) text() []byte {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) }
	line("DEFECT", "CAUGHT", "EXPECTED", "FOUND", "FIGURES (TRUTH)")
	for _, r := range t.rows {
		caught, found := "yes", "the same"
		if !r.caught {
			caught = "MISSED"
		}
		if r.found != r.expected {
			found = r.found
		}
		line(r.defect, caught, r.expected, found, r.figureTexts())
	}
	_ = w.Flush() // into memory
	for _, a := range t.alarms {
		fmt.Fprintf(&b, "FALSE ALARM %s\n", a)
	}
	fmt.Fprintf(&b, "%d runs of databases without a defect\n%s\n", t.healthy, t.last())
	return b.Bytes()
}

// The table in the README stands between these.
const (
	readme = "../../README.md"
	begin  = "<!-- selftest: made by `make selftest README=1` -->\n"
	end    = "<!-- selftest ends -->\n"
)

// markdown is the table for the README.
func (t *tally) markdown() string {
	var b strings.Builder
	b.WriteString("| what is wrong | verdict and reasons | figures, and in brackets the truth |\n|---|---|---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.defect, r.found, r.figureTexts())
	}
	fmt.Fprintf(&b, "\n%s, in %d runs of databases without a defect.\n", t.last(), t.healthy)
	return b.String()
}

// inReadme splits the README around its table.
func inReadme() (before, table, behind string, err error) {
	page, err := os.ReadFile(readme)
	if err != nil {
		return "", "", "", err
	}
	before, rest, ok := strings.Cut(string(page), begin)
	table, behind, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", "", "", errors.New("README.md has no place for the detection table")
	}
	return before, table, behind, nil
}

func (t *tally) writeReadme() error {
	before, _, behind, err := inReadme()
	if err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(before+begin+t.markdown()+end+behind), 0o644)
}

// stale says what is different in the README, figures aside: they differ a
// little from run to run.
func (t *tally) stale() (string, error) {
	_, table, _, err := inReadme()
	if err != nil {
		return "", err
	}
	want, got := rowsOf(t.markdown()), rowsOf(table)
	for _, w := range want {
		if !slices.Contains(got, w) {
			return w, nil
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d lines", len(got)), nil
	}
	return "", nil
}

// rowsOf are the lines of the table without figures.
func rowsOf(markdown string) []string {
	figures := regexp.MustCompile(`([0-9.]+(h|m|s|ms|µs)?)+`)
	var rows []string
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, figures.ReplaceAllString(strings.TrimSpace(line), "#"))
		}
	}
	return rows
}
