package runbooks_test

import (
	"reflect"
	"strings"
	"testing"

	"drillbook/runbooks"
)

// form is a page with groups, rows, and a row without words.
const form = `---
rto: 60s
rpo: 0
source: "a test"
---
# Title

What it is about.

## 1. Before

It stands in no group.

## Preparation

a is the primary.

## 2. Compare

Both are the same.

    a command

### Settings

They are **the same**.

    another command

#### What this is about

More words.

### Files

Their paths are the same.

## 3. Look

Look at it.

## Execution

## 4. Wait

` + "`planned=2m form=blank`" + `

Wait for a moment.
`

func TestLoadReadsTheForm(t *testing.T) {
	chinese := strings.NewReplacer("Preparation", "测试准备", "### Settings", "### 配置", "They are", "两边是").Replace(form)
	lib, err := runbooks.Load(pair(form, chinese))
	if err != nil {
		t.Fatal(err)
	}
	steps := lib[0].Steps
	if len(steps) != 4 || steps[0].Group != nil || steps[2].Group != nil {
		t.Fatalf("steps = %+v, want four, the first and the third without a group of their own", steps)
	}
	want := &runbooks.Group{
		Title:   runbooks.Text{"en": "Preparation", "zh": "测试准备"},
		Comment: runbooks.Text{"en": "a is the primary.", "zh": "a is the primary."},
	}
	if got := steps[1].Group; !reflect.DeepEqual(got, want) {
		t.Errorf("group = %+v, want %+v", got, want)
	}
	if got := steps[3].Group; got == nil || got.Title.In("en") != "Execution" || got.Comment.In("en") != "" {
		t.Errorf("last group = %+v, want Execution without a comment", got)
	}
	if steps[1].Comment.In("en") != "Both are the same." || !strings.Contains(steps[1].Body.In("en"), "### Files") {
		t.Errorf("step with rows = %+v, want its comment, and its rows in its body", steps[1])
	}
	rows := []runbooks.Row{
		{
			Title:   runbooks.Text{"en": "Settings", "zh": "配置"},
			Comment: runbooks.Text{"en": "They are the same.", "zh": "两边是 the same."},
			Where:   runbooks.Text{"en": "db/page.md:24", "zh": "db/page.zh.md:24"},
		},
		{
			Title:   runbooks.Text{"en": "Files", "zh": "Files"},
			Comment: runbooks.Text{"en": "Their paths are the same.", "zh": "Their paths are the same."},
			Where:   runbooks.Text{"en": "db/page.md:34", "zh": "db/page.zh.md:34"},
		},
	}
	if got := steps[1].Rows; !reflect.DeepEqual(got, rows) {
		t.Errorf("rows = %+v, want %+v", got, rows)
	}
	if !steps[3].Blank || steps[2].Blank || steps[3].Title.In("en") != "Wait" {
		t.Errorf("last step = %+v, want it alone to be blank, with its title", steps[3])
	}
}

func TestRowOfAStep(t *testing.T) {
	lib, err := runbooks.Load(pair(form, form))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := lib[0].Steps[1].Row("Files"); n != 2 || err != nil {
		t.Errorf("Row = %d, %v, want 2", n, err)
	}
	for step, want := range map[int]string{
		1: `db/page.md:18: step "2. Compare" has no row "Fyles"; it has "Settings", "Files"`,
		2: `db/page.md:38: step "3. Look" has no row "Fyles"; it has none`,
	} {
		if _, err := lib[0].Steps[step].Row("Fyles"); err == nil || err.Error() != want {
			t.Errorf("Row = %v, want %s", err, want)
		}
	}
}

func TestLoadSaysWhatIsWrongWithTheForm(t *testing.T) {
	edit := func(from, to string) string {
		if !strings.Contains(form, from) {
			t.Fatalf("the page does not hold %q", from)
		}
		return strings.Replace(form, from, to, 1)
	}
	for _, tt := range []struct {
		name, en, zh string
		want         string
	}{
		{"group at the end", form + "\n## Afterwards\n", form, `db/page.md:50: the group "Afterwards" has no step`},
		{
			"group before a group", edit("## Preparation", "## First of all\n\n## Preparation"), form,
			`db/page.md:14: the group "First of all" has no step`,
		},
		{
			"group with commands", edit("a is the primary.", "a is the primary.\n\n    a command"), form,
			`db/page.md:14: the group "Preparation" holds more than one paragraph`,
		},
		{
			"group with commands alone", edit("a is the primary.", "    a command"), form,
			`db/page.md:14: the group "Preparation" holds more than one paragraph`,
		},
		{
			"number forgotten in the middle", edit("## 3. Look", "## Look"), form,
			"db/page.md:44: step 4 stands where step 3 is due",
		},
		{
			"row that says nothing", edit("Their paths are the same.\n", ""), form,
			`db/page.md:34: the row "Files" of step 2 says nothing`,
		},
		{
			"row that begins with commands", edit("They are **the same**.\n\n", ""), form,
			`db/page.md:24: the row "Settings" of step 2 says nothing`,
		},
		{
			"row twice", edit("### Files", "### Settings"), form,
			`db/page.md:34: step 2 has the row "Settings" in line 24 already`,
		},
		{"row without words", edit("### Files", "###"), form, "step 2 has a row without words"},
		{
			"blank step with rows", edit("Wait for a moment.\n", "Wait for a moment.\n\n### Long\n\nHow long.\n"), form,
			"db/page.md:44: step 4 has form=blank and rows",
		},
		{"unknown form", edit("form=blank", "form=empty"), form, `step 4: "form=empty" is no attribute`},
		{
			"group in one language", edit("## Execution\n", ""), form,
			`db/page.zh.md:42: the group "Execution" before step 4 differs from db/page.md`,
		},
		{
			"group in the other language", form, edit("## Execution\n", ""),
			"db/page.zh.md:43: step 4 has no group before it, which differs from db/page.md",
		},
		{
			"group elsewhere", form,
			strings.Replace(edit("## Execution\n\n", ""), "## 3. Look", "## Execution\n\n## 3. Look", 1),
			`db/page.zh.md:38: the group "Execution" before step 3 differs from db/page.md`,
		},
		{
			"comment of a group in one language", form, edit("a is the primary.\n", ""),
			"db/page.zh.md:14: whether a comment stands below the group before step 2 differs from db/page.md",
		},
		{
			"row in one language", form, edit("### Files\n", ""),
			"db/page.zh.md:18: the number of rows of step 2, 1 against 2, differs from db/page.md",
		},
		{
			"blank in one language", form, edit(" form=blank", ""),
			"db/page.zh.md:44: the line of attributes of step 4 differs",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := runbooks.Load(pair(tt.en, tt.zh))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v, want an error that contains %q", err, tt.want)
			}
		})
	}
}
