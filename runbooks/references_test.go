package runbooks_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"drillbook/runbooks"
)

var update = flag.Bool("update", false, "write testdata/iris-references.txt anew")

// reading is how a language refers to steps. A page that is named stands in one of the groups "before"
// and "after", the numbers in "steps".
type reading struct {
	ending    string // of its files
	reference *regexp.Regexp
	to        *regexp.Regexp // between the ends of a range
}

func readings() map[string]reading {
	return map[string]reading{
		"en": {
			".md",
			regexp.MustCompile("(?:`(?P<before>iris/[a-z-]+)`(?:,| from) )?\\b[Ss]teps? " +
				`(?P<steps>\d+(?:(?:, | and | or | to )\d+)*)` + "(?: of (?:the page )?`(?P<after>iris/[a-z-]+)`)?"),
			regexp.MustCompile(`(\d+) to (\d+)`),
		},
		"zh": {
			".zh.md",
			regexp.MustCompile(`(?:(?P<before>iris/[a-z-]+)(?:）|，从)?)?` +
				`第(?P<steps>\d+(?:(?:、|或第|和第|到第?)\d+)*)步(?P<after>)`),
			regexp.MustCompile(`(\d+)到第?(\d+)`),
		},
	}
}

// spaces are what a line break and the blanks beside it are in English; in Chinese they are nothing.
var (
	spaces   = regexp.MustCompile(`\s+`)
	headings = regexp.MustCompile(`(?m)^## (\d+)\. `)
	numbers  = regexp.MustCompile(`\d+`)
)

// in is what a page refers to, as "iris/create-mirror 1 -> iris/prepare 5", in its order; what stands before
// its first step is from 0.
func (r reading) in(t *testing.T, name string) []string {
	t.Helper()
	text, err := fs.ReadFile(runbooks.Embedded(), name+r.ending)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	begin, from := 0, "0"
	section := func(end int) {
		space := map[string]string{".md": " "}[r.ending]
		words := spaces.ReplaceAllString(string(text[begin:end]), space)
		for _, m := range r.reference.FindAllStringSubmatch(words, -1) {
			to := m[r.reference.SubexpIndex("before")] + m[r.reference.SubexpIndex("after")]
			if to == "" {
				to = name
			}
			for _, n := range r.steps(m[r.reference.SubexpIndex("steps")]) {
				if ref := fmt.Sprintf("%s %s -> %s %d", name, from, to, n); !slices.Contains(found, ref) {
					found = append(found, ref)
				}
			}
		}
	}
	for _, h := range headings.FindAllSubmatchIndex(text, -1) {
		section(h[0])
		begin, from = h[0], string(text[h[2]:h[3]])
	}
	section(len(text))
	return found
}

// steps are the numbers of a list such as "2, 5 to 7 and 9".
func (r reading) steps(list string) []int {
	var all []int
	for _, m := range numbers.FindAllString(list, -1) {
		n, _ := strconv.Atoi(m)
		all = append(all, n)
	}
	for _, m := range r.to.FindAllStringSubmatch(list, -1) {
		first, _ := strconv.Atoi(m[1])
		last, _ := strconv.Atoi(m[2])
		for n := first + 1; n < last; n++ {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// TestReferences: both languages refer to the same steps; the steps are there; and each reference stands with
// the title of its step in a file, which somebody has read: whether it is the right step a test cannot
// tell. A step that moves, or has another title, brings up all that refer to it.
func TestReferences(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range lib {
		if b.Product() != "iris" {
			continue
		}
		en, zh := readings()["en"].in(t, b.Name), readings()["zh"].in(t, b.Name)
		for _, ref := range en {
			if !slices.Contains(zh, ref) {
				t.Errorf("%s: not in Chinese", ref)
			}
			all = append(all, ref+", "+titleOf(t, lib, ref))
		}
		for _, ref := range zh {
			if !slices.Contains(en, ref) {
				t.Errorf("%s: not in English", ref)
			}
		}
	}
	const file = "testdata/iris-references.txt"
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(all, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, ref := range all {
		if !slices.Contains(want, ref) {
			t.Errorf("%s: read whether that is the right step, then run go test ./runbooks -update", ref)
		}
	}
	for _, ref := range want {
		if !slices.Contains(all, ref) {
			t.Errorf("%s: no page says so any more: go test ./runbooks -update", ref)
		}
	}
}

// titleOf is the English title of the step to which a reference leads.
func titleOf(t *testing.T, lib runbooks.Library, ref string) string {
	t.Helper()
	_, to, _ := strings.Cut(ref, " -> ")
	name, number, _ := strings.Cut(to, " ")
	b, err := lib.Get(name)
	if err != nil {
		t.Errorf("%s: %v", ref, err)
		return ""
	}
	n, _ := strconv.Atoi(number)
	if n < 1 || n > len(b.Steps) {
		t.Errorf("%s: the page has the steps 1 to %d", ref, len(b.Steps))
		return ""
	}
	return b.Steps[n-1].Title.In("en")
}
