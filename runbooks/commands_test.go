package runbooks_test

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"drillbook/runbooks"
)

const withCommands = `---
rto: 60s
rpo: 0
source: "ours"
---
# Our own

## 1. Look

It is looked at.

    typed

~~~sql
SELECT 1
~~~

~~~sh on=b
pg_isready
~~~

1. in a list

   ~~~bash on=primary
   psql -c "SELECT 1"
   psql -c "SELECT 2"
   ~~~

### A row

It is so.

~~~sh on=all
true
~~~

## 2. Say

Only words.
`

func own(pages map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range pages {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestCommandsOfThePage(t *testing.T) {
	lib, err := runbooks.LoadOwn(own(map[string]string{"postgres/ours.md": withCommands}), runbooks.Library{})
	if err != nil {
		t.Fatal(err)
	}
	b := lib[0]
	want := []runbooks.Command{
		{On: "b", Shell: "sh", Script: "pg_isready\n", Where: "postgres/ours.md:18"},
		{
			On: "primary", Shell: "bash", Script: "psql -c \"SELECT 1\"\npsql -c \"SELECT 2\"\n",
			Where: "postgres/ours.md:24",
		},
		{On: "all", Shell: "sh", Script: "true\n", Row: 1, Where: "postgres/ours.md:33"},
	}
	if got := b.Steps[0].Commands; !reflect.DeepEqual(got, want) {
		t.Errorf("commands %+v, want %+v", got, want)
	}
	if s, without := b.Unrunnable(); !without || s.Number != 2 {
		t.Errorf("step %d has no commands, want 2", s.Number)
	}
	if got := b.Title["zh"]; got != "Our own" {
		t.Errorf("title in Chinese is %q, want that of the one page", got)
	}
}

func TestCommandsThatAreWrong(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(withCommands, from) {
			t.Fatalf("no %q", from)
		}
		return strings.Replace(withCommands, from, to, 1)
	}
	for name, tt := range map[string]struct{ page, want string }{
		"another attribute": {edit("sh on=b", "sh at=b"), `postgres/ours.md:18: step 1: "sh at=b" is no way`},
		"nobody":            {edit("sh on=b", "sh on="), "postgres/ours.md:18: step 1"},
		"too many":          {edit("sh on=b", "sh on=b on=a"), "postgres/ours.md:18: step 1"},
		"no shell":          {edit("sh on=b", "python on=b"), "run by sh or bash, not by python"},
		"nothing":           {edit("pg_isready\n", "\n"), "there is nothing to run on b"},
	} {
		_, err := runbooks.LoadOwn(own(map[string]string{"postgres/ours.md": tt.page}), runbooks.Library{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	both := own(map[string]string{
		"postgres/ours.md": withCommands, "postgres/ours.zh.md": edit("pg_isready", "pg_isready -q"),
	})
	_, err := runbooks.LoadOwn(both, runbooks.Library{})
	if want := "what step 1 has run differs"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("two languages: %v, want %q", err, want)
	}
}

// TestOneLanguage: the page of a known runbook in Chinese alone has the titles by which its
// scenario finds the steps; those that are built in are still in both.
func TestOneLanguage(t *testing.T) {
	ours, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	known, err := ours.Get("postgres/lost-primary")
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(runbooks.Embedded(), "postgres/lost-primary.zh.md")
	if err != nil {
		t.Fatal(err)
	}
	page := own(map[string]string{"postgres/lost-primary.zh.md": string(text)})
	lib, err := runbooks.LoadOwn(page, ours)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range lib[0].Steps {
		if got, want := s.Title["en"], known.Steps[i].Title["en"]; got != want {
			t.Errorf("step %d is %q in English, want %q", i+1, got, want)
		}
	}
	if _, err := runbooks.Load(page); err == nil || !strings.Contains(err.Error(), "write the runbook in English") {
		t.Errorf("as one of ours: %v, want an error", err)
	}
}
