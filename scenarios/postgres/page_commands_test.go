package postgres_test

import (
	"regexp"
	"strings"
	"testing"

	"drillbook/runbooks"
)

// block is what a step has people type, and on which host.
type block struct{ host, commands string }

// onHost is how pages name the host of the commands that follow.
var onHost = regexp.MustCompile(`\b(?:[Oo]n|[Ff]rom) ([abc])\b`)

// blocks are the commands of a step. A host that is named holds until another one is.
func blocks(body string) []block {
	var all []block
	host, prose, code := "b", "", ""
	for line := range strings.Lines(body + "\nend\n") {
		if text, ok := strings.CutPrefix(line, "    "); ok {
			code += text
			continue
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if code != "" {
			if named := onHost.FindAllStringSubmatch(prose, -1); named != nil {
				host = named[len(named)-1][1]
			}
			all = append(all, block{host, code})
			prose, code = "", ""
		}
		prose += line
	}
	return all
}

// walker follows a page by hand: it types what the steps say.
type walker struct {
	site     *site
	book     runbooks.Runbook
	swapped  bool     // a is b to the page, and b is a
	without  []string // the way that is not taken: blocks that hold one of these
	position string   // where the last server that was stopped had come to
}

func walk(t *testing.T, s *site, page string) *walker {
	t.Helper()
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	book, err := lib.Get("postgres/" + page)
	if err != nil {
		t.Fatal(err)
	}
	s.passwords(t, book.Intro.In("en"))
	return &walker{site: s, book: book, swapped: s.primary == "b"}
}

// name is what the member that a page calls by this name is called.
func (w *walker) name(on string) string {
	if !w.swapped {
		return on
	}
	other := map[string]string{"a": "b", "b": "a"}
	return memberName.ReplaceAllStringFunc(on, func(name string) string { return other[name] })
}

// done makes sure of what every page promises: b of the page is the primary, and
// everybody else its standby.
func (w *walker) done(t *testing.T) {
	t.Helper()
	w.site.primary = w.name("b")
	w.site.together(t, w.site.primary, w.name("a"), "c")
}

// steps types the commands of these steps.
func (w *walker) steps(t *testing.T, titles ...string) {
	t.Helper()
	for _, title := range titles {
		step, err := w.book.Step(title)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(step.Body.In("en")) {
			w.enter(t, b)
		}
	}
}

var (
	memberName = regexp.MustCompile(`\b[ab]\b`)
	checkpoint = regexp.MustCompile(`Latest checkpoint location:\s+(\S+)`)
)

func (w *walker) enter(t *testing.T, b block) {
	t.Helper()
	for _, way := range w.without {
		if strings.Contains(b.commands, way) {
			return
		}
	}
	said := w.site.run(t, w.name(b.host), strings.ReplaceAll(w.name(b.commands), "0/5A3C1D8", w.position))
	if m := checkpoint.FindStringSubmatch(said); m != nil {
		w.position = m[1]
	}
}
