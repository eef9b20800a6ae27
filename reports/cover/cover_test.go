package cover_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"drillbook/harness/record"
	"drillbook/reports/cover"
)

func TestTemplates(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		b, err := cover.Template(lang)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cover.Parse(b)
		if err != nil {
			t.Fatalf("%s: the template is no cover: %v", lang, err)
		}
		if c.Number != "" || c.Organisation != "" || len(c.Members) > 0 || c.RTO() != 0 {
			t.Errorf("%s: the template says something: %+v", lang, c)
		}
		for _, key := range keys() {
			if !strings.Contains(string(b), "\n"+key+":") {
				t.Errorf("%s: the template does not name %s", lang, key)
			}
		}
		// What stands there as an example is one.
		example := regexp.MustCompile(`(?m)^#   `).ReplaceAllString(string(b), "  ")
		example = regexp.MustCompile(`(?m)^(members|people|problems|approvers): (?:\{\}|\[\])`).
			ReplaceAllString(example, "$1:")
		c, err = cover.Parse([]byte(example))
		if err != nil || len(c.Members) != 2 || len(c.People) != 2 || len(c.Problems) != 1 || len(c.Approvers) != 1 {
			t.Errorf("%s: the examples of the template are none: %+v, %v", lang, c, err)
		}
	}
	if _, err := cover.Template("fr"); err == nil {
		t.Error("there is a French template")
	}
}

// keys are all that a cover may say.
func keys() []string {
	var all []string
	for f := range reflect.TypeFor[cover.Cover]().Fields() {
		if key := f.Tag.Get("yaml"); key != "" {
			all = append(all, key)
		}
	}
	return all
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ yaml, want string }{
		"an unknown key":         {"number: 1\nnubmer: 2", "nubmer"},
		"a doubled key":          {"number: 1\nnumber: 2", "line 2"},
		"an unknown inner key":   {"people:\n  - {nam: x}", "nam"},
		"a date that is none":    {"window: {from: 2026-02-30 21:00}", "2026-02-30 21:00"},
		"a due date":             {"problems:\n  - {text: x, due: soon}", `"soon"`},
		"a window the wrong way": {"window: {from: 2026-11-27, to: 2026-11-26}", "before it begins"},
		"an RTO that is none":    {"objectives: {rto: fast}", "fast"},
		"a negative RPO":         {"objectives: {rpo: -1}", "negative"},
		"no YAML":                {"number: [", ""},
		"a list instead of text": {"number: [a, b]", "line 1"},
		"a problem without text": {"problems: [{grade: low}]", "no text"},
		"an empty display name":  {"members: {a: ' '}", "a has no display name"},
		"invalid UTF-8":          {"number: \xff", "UTF-8"},
		"a long unknown key":     {strings.Repeat("x", 100_000) + ": 1", ""},
	} {
		_, err := cover.Parse([]byte(tt.yaml))
		switch {
		case err == nil:
			t.Errorf("%s is taken", name)
		case !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 400:
			t.Errorf("%s is not told in one line: %q", name, err.Error())
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"twice.yaml": "number: 1\nnumber: 2", "large.yaml": strings.Repeat("# \n", 200_000),
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cover.ReadFile(file); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
	}
	if _, err := cover.ReadFile(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("a file that is not there is read")
	}
}

func TestFits(t *testing.T) {
	rec := &record.Record{Head: record.Head{
		Runbook: "postgres/x", Members: []string{"a", "b"}, Promise: record.Promise{RTO: time.Minute, RPO: 0},
		Began: time.Date(2026, 11, 26, 21, 14, 7, 0, time.FixedZone("", 8*3600)),
	}}
	for name, tt := range map[string]struct{ yaml, want string }{
		"nothing":                   {"", ""},
		"the day":                   {"window: {from: 2026-11-26, to: 2026-11-26}", ""},
		"the minute":                {"window: {from: 2026-11-26 21:14, to: 2026-11-26 21:14}", ""},
		"another day":               {"window: {from: 2026-11-25, to: 2026-11-25}", "2026-11-26 21:14"},
		"later":                     {"window: {from: 2026-11-26 21:15}", "2026-11-26 21:14"},
		"over by then":              {"window: {to: 2026-11-26 21:13}", "2026-11-26 21:14"},
		"stricter objectives":       {"objectives: {rto: 30s, rpo: 0}", ""},
		"a looser RTO":              {"objectives: {rto: 2m}", "looser than the 1m0s"},
		"a looser RPO":              {"objectives: {rpo: 1}", "looser than the 0"},
		"names of members":          {"members: {a: server01, b: server02}", ""},
		"a display name of nothing": {"members: {a: server01, z: server02}", "no z; there are a, b"},
	} {
		c, err := cover.Parse([]byte(tt.yaml))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		switch got := c.Fits(rec); {
		case tt.want == "" && got != nil:
			t.Errorf("%s: %v, want that it fits", name, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0].Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, got, tt.want)
		}
	}
	var none *cover.Cover
	if got := none.Fits(rec); got != nil {
		t.Errorf("no cover: %v", got)
	}
}
