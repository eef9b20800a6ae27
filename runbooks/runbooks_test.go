package runbooks_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drillbook/runbooks"
)

func TestEmbeddedRunbooks(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range lib {
		for _, lang := range runbooks.Languages() {
			if b.Source.In(lang) == "" || strings.Contains(b.Source.In(lang), "seed") {
				t.Errorf("%s: its source in %s is no title: %q", b.Name, lang, b.Source.In(lang))
			}
			if b.Title.In(lang) == "" || b.Intro.In(lang) == "" {
				t.Errorf("%s has no title or introduction in %s", b.Name, lang)
			}
			for _, s := range b.Steps {
				if s.Title[lang] == "" || s.Comment[lang] == "" || s.Body[lang] == "" {
					t.Errorf("%s: step %d has no words in %s", s.Where.In(lang), s.Number, lang)
				}
				// Whoever is asked must know what the step changes, and the way back.
				back := map[string]string{"en": "Way back:", "zh": "回退方法："}[lang]
				if s.Consent == runbooks.ConsentAsk && !strings.Contains(s.Consequence[lang], back) {
					t.Errorf("%s: step %d asks for consent and does not say the way back in %s",
						s.Where.In(lang), s.Number, lang)
				}
				if s.Group != nil && s.Group.Title[lang] == "" {
					t.Errorf("%s: the group before it has no words in %s", s.Where.In(lang), lang)
				}
				for _, r := range s.Rows {
					if r.Title[lang] == "" || r.Comment[lang] == "" {
						t.Errorf("%s: the row has no words in %s", r.Where.In(lang), lang)
					}
				}
			}
		}
	}
}

// The table that the planned switchover comes from has 24 rows in four groups, one of
// them without words. It plans 41 minutes and allows less than a minute of downtime for
// each change of roles.
func TestPlannedSwitchoverTable(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	b, err := lib.Get("postgres/planned-switchover")
	if err != nil {
		t.Fatal(err)
	}
	var total time.Duration
	var groups, blank []int
	rows := make([]int, 0, len(b.Steps))
	limited := 0
	for _, s := range b.Steps {
		if s.Planned != nil {
			total += *s.Planned
		}
		if s.Group != nil {
			groups = append(groups, s.Number)
		}
		if s.Blank {
			blank = append(blank, s.Number)
		}
		rows = append(rows, max(1, len(s.Rows)))
		if s.Allowed != nil {
			limited++
			if *s.Allowed != time.Minute {
				t.Errorf("step %d allows %s, want 1m", s.Number, *s.Allowed)
			}
		}
	}
	if total != 41*time.Minute {
		t.Errorf("planned = %s, want 41m", total)
	}
	if limited != 2 {
		t.Errorf("%d steps limit the downtime, want 2", limited)
	}
	if want := []int{1, 8, 13, 17}; !slices.Equal(groups, want) {
		t.Errorf("groups begin with the steps %v, want %v", groups, want)
	}
	if want := []int{1, 1, 1, 1, 1, 5, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}; !slices.Equal(rows, want) {
		t.Errorf("the steps have %v rows, want %v", rows, want)
	}
	if want := []int{12}; !slices.Equal(blank, want) {
		t.Errorf("the rows of the steps %v have no words, want %v", blank, want)
	}
}

const good = `---
rto: 60s
rpo: 0
source: "a test"
---
# Title

What it is about.

## 1. First

` + "`planned=2m downtime=1m consent=ask`" + `

Do the first thing.

    a command

## 2. Second

Do the second thing.
`

func pair(en, zh string) fs.FS {
	return fstest.MapFS{"db/page.md": {Data: []byte(en)}, "db/page.zh.md": {Data: []byte(zh)}}
}

// TestConsequence: what a step changes is one line of text, also where the page breaks it
// between Chinese characters, and the attributes are no part of the body.
func TestConsequence(t *testing.T) {
	with := func(text string) string {
		return strings.Replace(good, "Do the first thing.\n", "Do the first thing.\n\n"+text+"\n", 1)
	}
	lib, err := runbooks.Load(pair(with("**Consequence:** all `stops`.\n**Way back:** none."), with("**后果：** 全部停\n止。")))
	if err != nil {
		t.Fatal(err)
	}
	first := lib[0].Steps[0]
	for lang, want := range map[string]string{"en": "Consequence: all stops. Way back: none.", "zh": "后果： 全部停止。"} {
		if got := first.Consequence[lang]; got != want {
			t.Errorf("the consequence in %s is %q, want %q", lang, got, want)
		}
		if !strings.HasPrefix(first.Body[lang], "Do the first thing.") {
			t.Errorf("the body in %s is %q, want it without the attributes", lang, first.Body[lang])
		}
	}
	if got := lib[0].Steps[1].Consequence["en"]; got != "" {
		t.Errorf("the second step has the consequence %q, want none", got)
	}
	_, err = runbooks.Load(pair(with("**Consequence:** all stops."), good))
	if err == nil || !strings.Contains(err.Error(), "page.zh.md:10: whether step 1 says its consequence differs") {
		t.Errorf("Load = %v, want that one language lacks the consequence", err)
	}
}

func TestLoad(t *testing.T) {
	lib, err := runbooks.Load(pair(good, good))
	if err != nil {
		t.Fatal(err)
	}
	b, err := lib.Get("db/page")
	if err != nil {
		t.Fatal(err)
	}
	if b.RTO != time.Minute || b.RPO != 0 || b.Product() != "db" || len(b.Steps) != 2 {
		t.Errorf("runbook = %+v", b)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(good))); b.Sums["en"] != sum || b.Sums["zh"] != sum {
		t.Errorf("the sums of its pages are %v, want %s of both", b.Sums, sum)
	}
	first := b.Steps[0]
	if first.Text("en") != "1. First" || first.Comment.In("zh") != "Do the first thing." {
		t.Errorf("first step = %+v", first)
	}
	if first.Planned == nil || *first.Planned != 2*time.Minute ||
		first.Allowed == nil || *first.Allowed != time.Minute ||
		first.Consent != runbooks.ConsentAsk {
		t.Errorf("attributes of the first step = %+v", first)
	}
	if second := b.Steps[1]; second.Allowed != nil || second.Planned != nil || second.Consent != runbooks.ConsentNone {
		t.Errorf("attributes of the second step = %+v", second)
	}
	if first.Where.In("zh") != "db/page.zh.md:10" {
		t.Errorf("first step stands at %s, want db/page.zh.md:10", first.Where.In("zh"))
	}
}

// TestLoadReadsWhatOtherSystemsWrite: pages that went through Windows or a Mac
// are the same runbooks.
func TestLoadReadsWhatOtherSystemsWrite(t *testing.T) {
	want, err := runbooks.Load(pair(good, good))
	if err != nil {
		t.Fatal(err)
	}
	crlf := strings.ReplaceAll(good, "\n", "\r\n")
	blanks := strings.ReplaceAll(good, "---\n", "--- \t\n")
	for _, tt := range []struct {
		name, page string
		beside     string
	}{
		{"carriage returns", crlf, ""},
		{"a byte order mark", "\ufeff" + good, ""},
		{"both", "\ufeff" + crlf, ""},
		{"blanks behind the fences", blanks, ""},
		{"blanks and carriage returns", strings.ReplaceAll(blanks, "\n", "\r\n"), ""},
		{"a Mac's file beside it", good, "db/._page.md"},
		{"an editor's file beside it", good, "db/.#page.zh.md"},
		{"a hidden folder", good, ".db/page.md"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"db/page.md": {Data: []byte(tt.page)}, "db/page.zh.md": {Data: []byte(good)}}
			if tt.beside != "" {
				fsys[tt.beside] = &fstest.MapFile{Data: []byte("\x00\x05\x16\x07")}
			}
			got, err := runbooks.Load(fsys)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Load = %+v, %v, want %+v", got, err, want)
			}
		})
	}
	_, err = runbooks.Load(pair(strings.Replace(crlf, "2. Second", "3. Second", 1), good))
	if err == nil || !strings.Contains(err.Error(), "db/page.md:18: step 3") {
		t.Errorf("Load = %v, want the line as editors number it", err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("the good page does not hold %q", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	before := func(text string) string {
		page, _, _ := strings.Cut(good, text)
		return page
	}
	for _, tt := range []struct {
		name, en, zh string
		want         string
	}{
		{"no front matter", "# Title\n", good, "db/page.md:1: there is no front matter"},
		{"open front matter", "---\nrto: 1s\n", good, "db/page.md:1: the front matter has no end"},
		{"broken front matter", edit("rpo: 0", "rpo: [0"), good, "db/page.md:"},
		{"unknown key", edit("rpo: 0", "rpo: 0\nrot: 1s"), good, `db/page.md:4: front matter: unknown field "rot"`},
		{"no rto", edit("rto: 60s\n", ""), good, "db/page.md:1: front matter: rto is missing"},
		{"wrong rto", edit("rto: 60s", "rto: soon"), good, `rto "soon" is no positive duration`},
		{"no source", edit("source: \"a test\"\n", ""), good, "source is missing"},
		{"unknown ability", edit("rpo: 0", "rpo: 0\nneeds: [fly]"), good, `needs names "fly"`},
		{
			"default not allowed",
			edit("rpo: 0", "rpo: 0\nparams:\n  x: {default: c, allowed: [a, b]}"), good,
			`its default "c" is not among`,
		},
		{
			"split brain under no setting", edit("rpo: 0", "rpo: 0\nsplit_brain: mode=async"), good,
			`split_brain "mode=async" is no setting`,
		},
		{
			"split brain under a setting that is not allowed",
			edit("rpo: 0", "rpo: 0\nparams:\n  mode: {default: a, allowed: [a, b]}\nsplit_brain: mode=c"), good,
			`split_brain "mode=c" is no setting`,
		},
		{"no title", edit("# Title\n", ""), good, "there is no title"},
		{"no steps", before("## 1."), good, "there are no steps"},
		{"missing step", edit("## 2.", "## 3."), good, "db/page.md:18: step 3 stands where step 2 is due"},
		{"duplicate number", edit("## 2.", "## 1."), good, "db/page.md:18: step 1 stands where step 2 is due"},
		{"duplicate title", edit("2. Second", "2. First"), good, "db/page.md:18: step 2 has the title of step 1"},
		{
			"heading without number", edit("## 2. Second", "## Second"), good,
			`db/page.md:18: the group "Second" has no step`,
		},
		{
			"heading without full stop", edit("## 2. Second", "## 2 Second"), good,
			`db/page.md:18: "2 Second" is no step`,
		},
		{"unknown attribute", edit("planned=2m", "plan=2m"), good, `db/page.md:10: step 1: "plan=2m" is no attribute`},
		{"empty step", edit("Do the second thing.\n", ""), good, "db/page.md:18: step 2 says nothing"},
		{
			"language with fewer steps", good, before("## 2."),
			"db/page.zh.md:17: the number of steps, 1 against 2, differs from db/page.md",
		},
		{
			"language with another promise", good, edit("rto: 60s", "rto: 61s"),
			"db/page.zh.md:1: the front matter differs from db/page.md",
		},
		{
			"language with other attributes", good, edit("planned=2m", "planned=3m"),
			"db/page.zh.md:10: the line of attributes of step 1 differs",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := runbooks.Load(pair(tt.en, tt.zh))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v, want an error that contains %q", err, tt.want)
			}
			if e := (*runbooks.Error)(nil); err != nil && !errors.As(err, &e) {
				t.Errorf("Load = %v, want an Error", err)
			}
		})
	}
}

func TestLoadMissingLanguage(t *testing.T) {
	for _, tt := range []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"no Chinese", fstest.MapFS{"db/page.md": {Data: []byte(good)}}, "db/page.md:1: db/page.zh.md is missing"},
		{"no English", fstest.MapFS{"db/page.zh.md": {Data: []byte(good)}}, "db/page.zh.md:1: db/page.md is missing"},
		{"unknown language", fstest.MapFS{
			"db/page.md": {Data: []byte(good)}, "db/page.zh.md": {Data: []byte(good)},
			"db/page.tlh.md": {Data: []byte(good)},
		}, `"tlh" is no language`},
		{"nothing", fstest.MapFS{}, "there are no runbooks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := runbooks.Load(tt.fsys)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v, want an error that contains %q", err, tt.want)
			}
		})
	}
}

func TestResolveParams(t *testing.T) {
	b := runbooks.Runbook{Name: "db/page", Params: []runbooks.Param{
		{Name: "mode", Default: "sync", Allowed: []string{"async", "sync"}},
		{Name: "hold", Default: "0s"},
		{Name: "rows", Default: "10", Tiers: map[string]string{runbooks.Nightly: "5000"}},
	}}
	for tier, rows := range map[string]string{"": "10", runbooks.Smoke: "10", runbooks.Nightly: "5000"} {
		got, err := b.ResolveParams(map[string]string{"hold": "1s"}, tier)
		if err != nil || got["mode"] != "sync" || got["hold"] != "1s" || got["rows"] != rows {
			t.Errorf("ResolveParams for tier %q = %v, %v", tier, got, err)
		}
	}
	if got, err := b.ResolveParams(map[string]string{"rows": "7"}, runbooks.Nightly); err != nil || got["rows"] != "7" {
		t.Errorf("ResolveParams = %v, %v, want the rows that were given", got, err)
	}
	b.Split = "mode=async"
	for mode, want := range map[string]bool{"sync": false, "async": true} {
		if got := b.ExpectsSplit(map[string]string{"mode": mode}); got != want {
			t.Errorf("ExpectsSplit with mode=%s = %t, want %t", mode, got, want)
		}
	}
	for _, tt := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{"mode": "fast"}, "it may be async, sync"},
		{map[string]string{"moad": "sync"}, `has no parameter "moad"; it has mode, hold, rows`},
	} {
		if _, err := b.ResolveParams(tt.given, ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ResolveParams(%v) = %v, want an error that contains %q", tt.given, err, tt.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Add("---\n---\n# x\n## 1. y\n`a`\n")
	f.Fuzz(func(t *testing.T, page string) {
		lib, err := runbooks.Load(pair(page, page))
		if err != nil {
			return
		}
		for i, s := range lib[0].Steps {
			if s.Number != i+1 {
				t.Errorf("step %d has number %d", i+1, s.Number)
			}
		}
	})
}
