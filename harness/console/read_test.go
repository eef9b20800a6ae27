package console_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/console"
)

func TestValues(t *testing.T) {
	for text, want := range map[string][]string{
		"":                              nil,
		"row  V\n1  <|a|b|>\n2  <||>\n": {"a|b", ""},
		"<|a":                           nil,
		"|> <|b|> <|":                   {"b"},
	} {
		if got := console.Values(text); !slices.Equal(got, want) {
			t.Errorf("Values(%q) = %q, want %q", text, got, want)
		}
	}
}

const (
	ready   console.Kind = "ready"
	changes console.Kind = "changes"
)

func wordings() console.Patterns {
	return console.Compile(map[console.Kind][]string{
		ready: {`is ready$`}, changes: {`(\w+) becomes (\w+)`, `(\w+) turns into (\w+)`},
	})
}

func TestPatterns(t *testing.T) {
	p := wordings()
	if m, ok := p.Match(changes, "a turns into b"); !ok || !slices.Equal(m, []string{"a", "b"}) {
		t.Errorf("the second wording = %q, %t", m, ok)
	}
	if m, ok := p.Match(ready, "is readying"); ok {
		t.Errorf("what does not fit = %q", m)
	}
	own, err := p.Load("# ours\n\n ready = ^FERTIG$ \nchanges = (.)=(.)\n")
	must(t, err)
	for line, kind := range map[string]console.Kind{"FERTIG": ready, "it is ready": ready, "a=b": changes} {
		if _, ok := own.Match(kind, line); !ok {
			t.Errorf("%q is not %s", line, kind)
		}
	}
	if _, ok := p.Match(ready, "FERTIG"); ok {
		t.Error("loading changed the patterns that were there")
	}
	for text, want := range map[string]string{
		"greeting = x":        "the nearest kinds are ready, changes; the product's page in docs/ says where all 2 are",
		"just words":          "names no kind",
		"ready = (":           "line 1: error parsing regexp",
		"\nchanges = ^(\\w)$": "line 2: changes has 1 groups, not the 2 that are wanted, as in ",
	} {
		if got, err := p.Load(text); err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q = %v, want %q", text, err, want)
		}
	}
}

// TestRows: rows end where the product says, headings are told from rows, and a
// column may be empty where the padding is as it was printed.
func TestRows(t *testing.T) {
	table := console.Table{
		Name: regexp.MustCompile(`^[A-Z]+$`), Telling: []string{"MEMBER"},
		Phrases: [][]string{{"in", "archive", "recovery"}},
		Ends:    func(line string) bool { return strings.HasPrefix(line, "--") },
	}
	const text = "SOME TITLE\n" +
		"MEMBER  ROLE     SINCE                LAG\n\n" +
		"a       primary  2031-02-03 04:05:06  \n" +
		"b       standby                       17\n" +
		"-- end\nc standby never 1\n" +
		"MEMBER STATE\nb in archive recovery\n\nc running\n"
	want := []console.Row{
		{"MEMBER": "a", "ROLE": "primary", "SINCE": "2031-02-03 04:05:06"},
		{"MEMBER": "b", "ROLE": "standby", "LAG": "17"},
		{"MEMBER": "b", "STATE": "in archive recovery"},
	}
	got := table.Rows(text)
	if !slices.EqualFunc(got, want, maps.Equal[console.Row, console.Row]) {
		t.Errorf("Rows = %v, want %v", got, want)
	}
	if v := got[0].Get("BEGAN", "SINCE"); v != "2031-02-03 04:05:06" || got[0].Get("BEGAN") != "" {
		t.Errorf("the first of two names = %q", v)
	}
}
