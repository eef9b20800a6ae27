package reports_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/results"
)

// hostile puts nasty text wherever a database or a user can put it.
func hostile() *record.Record {
	const text = nasty
	f := quick(6)
	w := f.world()
	h := &w.rec.Head
	h.Title, h.Source, h.System, h.StandIn, h.Machine = record.Text{"en": text}, text, text, text, text
	h.Published = text
	h.Auxiliaries = []record.Auxiliary{{Name: text, Duty: text}}
	h.Host, h.Product, h.Runbook, h.Harness, h.Run = text, text, text, text, text
	h.Params = map[string]string{text: text}
	h.Members[0] = text
	h.Streams[direct1].Member, h.Streams[direct1].Name = text, text
	for i := range h.Steps {
		h.Steps[i].Title, h.Steps[i].Comment = record.Text{"en": text}, record.Text{"en": text}
	}
	foreign := record.Text{"en": text}
	h.Steps[0].Group = &record.Group{Title: foreign, Comment: foreign}
	h.Steps[0].Rows = []record.Row{{Title: foreign, Comment: foreign}}
	for i := range w.rec.Events {
		e := &w.rec.Events[i]
		if e.Kind == record.Finding {
			e.Row = 1
		}
		if e.Member == "pg1" {
			e.Member = text
		}
		switch {
		case e.Fault != "":
			e.Fault, e.Answer = text, text
		case e.Kind == record.Finding || e.Kind == record.Command || e.Kind == record.Ended:
			e.What, e.Answer, e.Err = text, text, text
		}
		if e.Kind == record.Prepared || e.Kind == record.Role {
			e.What = text
		}
	}
	w.event(record.Event{Kind: record.Lag, Member: text, Bytes: 5})
	w.rec.Tail.Versions, w.rec.Tail.Err = map[string]string{text: text}, text
	w.end = 8 * sec
	w.run()
	w.readBack("pg2")
	return &w.rec
}

const nasty = "<script>alert(1)</script> a|b `c` *d* [e](http://f) ]]> &amp; \"g\" 'h'\n" +
	"| i | j |\n# k\x00\x1b[31mred\x1b[0m\u202eleft"

func rendered(t *testing.T, render func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageEscapes(t *testing.T) {
	r := run(hostile())
	got := withoutScript(t, rendered(t, func(w io.Writer) error { return asHTML(w, r, "en") }))
	for _, bad := range []string{"<script", "\x00", "\x1b", "[31m", "\u202e", "ZgotmplZ"} {
		if strings.Contains(got, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(got, "&lt;script&gt;alert(1)") {
		t.Error("the page does not show the text as it is")
	}
}

func TestSummaryEscapes(t *testing.T) {
	r := run(hostile())
	got := rendered(t, func(w io.Writer) error { return asMarkdown(w, r, "en") })
	for _, bad := range []string{"<script", "\x00", "\x1b", "[31m", "\u202e", "[e](", " `c`", " *d*"} {
		if strings.Contains(got, bad) {
			t.Errorf("the summary holds %q", bad)
		}
	}
	columns := 0
	for line := range strings.SplitSeq(got, "\n") {
		n := len(regexp.MustCompile(`(?:^|[^\\])\|`).FindAllString(line, -1))
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		if columns > 0 && n != columns {
			t.Errorf("a row has %d bars where its table has %d: %s", n, columns, line)
		}
		columns = n
	}
}

func TestJUnitEscapes(t *testing.T) {
	r := run(hostile())
	got := rendered(t, func(w io.Writer) error { return asJUnit(w, r) })
	wellFormed(t, got)
	if strings.Contains(got, "<script") && !strings.Contains(got, "CDATA") {
		t.Error("junit.xml holds a tag of the text")
	}
	for _, c := range got {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			t.Errorf("junit.xml holds the control character %U", c)
		}
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// TestPictures: every picture is XML of its own, and says in words what it is.
func TestPictures(t *testing.T) {
	picture := regexp.MustCompile(`(?s)<svg class="chart[ "].*?</svg>`)
	for name, r := range cases() {
		page := rendered(t, func(w io.Writer) error { return asHTML(w, r, "zh") })
		found := picture.FindAllString(page, -1)
		if len(found) == 0 {
			t.Errorf("%s has no picture", name)
		}
		for _, p := range found {
			wellFormed(t, p)
			if !strings.Contains(p, "<title id=") || !strings.Contains(p, "<desc id=") || strings.Contains(p, "NaN") {
				t.Errorf("%s: a picture lacks its title or description, or holds NaN", name)
			}
		}
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%s: the id %q is there twice", name, m[1])
			}
			ids[m[1]] = true
		}
	}
}

// withoutScript is a page without its own script, of which it has one at most, and which
// its policy must name by its hash.
func withoutScript(t *testing.T, page string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, "<script>")
	if !ok {
		return page
	}
	script, after, _ := strings.Cut(rest, "</script>")
	sum := sha256.Sum256([]byte(script))
	policy := html.EscapeString("script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'\">")
	if !strings.Contains(html.UnescapeString(before), html.UnescapeString(policy)) {
		t.Errorf("the policy of the page does not allow its script")
	}
	return before + after
}

// TestPageLoadsNothing: the page is one file, and runs nothing but its script.
func TestPageLoadsNothing(t *testing.T) {
	for name, r := range cases() {
		page := withoutScript(t, rendered(t, func(w io.Writer) error { return asHTML(w, r, "en") }))
		for _, bad := range []string{"<script", " src=", "http:", "https:", "@import", "<link", "javascript"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page holds %q", name, bad)
			}
		}
	}
}

// monstrous is a drill with more of everything than anybody would read.
func monstrous() reports.Drill {
	w := quick(7).world()
	much := strings.Repeat("很长 very long | ", 2000)
	for n := range 5000 {
		at := 7*sec + time.Duration(n)*time.Microsecond
		for _, e := range []record.Event{
			{Kind: record.Command, Step: 4, Member: "pg1", What: much[:2000], Answer: much},
			{Kind: record.Finding, Step: 4, Member: "pg1", What: much[:200], Answer: much},
			{Kind: record.Prepared, Fault: "fault " + strconv.Itoa(n), What: much},
			{Kind: record.Role, Member: "pg2", What: []string{"primary", ""}[n%2]},
			{Kind: record.Stall, Took: time.Microsecond},
			{Kind: record.Lag, Member: "pg2", Bytes: int64(n)},
		} {
			e.At = at
			w.event(e)
		}
		w.rec.Tail.Versions[strconv.Itoa(n)] = much
	}
	for range 300 {
		w.step(record.Step{Title: text(much, much), Comment: text(much, much)}, 9*sec, 10*sec)
	}
	w.lost = func(a record.Attempt) bool { return a.Seq%3 == 0 }
	w.run()
	w.readBack("pg2")
	res := measure.Of(&w.rec)
	for range 5000 {
		res.Outages = append(res.Outages, res.Outages[0])
	}
	return reports.Drill{Record: &w.rec, Result: res, Name: "monstrous"}
}

func TestSummaryStaysUnderTheLimit(t *testing.T) {
	const limit = 1 << 20
	d := monstrous()
	for _, n := range []int{1, 12} {
		var r reports.Run
		for range n {
			r.Drills = append(r.Drills, d)
		}
		got := rendered(t, func(w io.Writer) error { return asMarkdown(w, r, "zh") })
		if len(got) >= limit {
			t.Errorf("%d drills make a summary of %d bytes, want less than %d", n, len(got), limit)
		}
		if !utf8.ValidString(got) || !strings.Contains(got, "未在此") {
			t.Errorf("%d drills: the summary does not say that it leaves something out", n)
		}
		if said := strings.Contains(got, "次演练未在此详列"); said != (n > 1) {
			t.Errorf("%d drills: it is %t that the summary leaves out drills", n, said)
		}
	}
}

func TestPageStaysSmall(t *testing.T) {
	const limit = 2 << 20
	r := reports.Run{Drills: []reports.Drill{monstrous()}}
	got := rendered(t, func(w io.Writer) error { return asHTML(w, r, "en") })
	if len(got) >= limit {
		t.Errorf("the page has %d bytes, want less than %d", len(got), limit)
	}
	drill := run(long(10 * time.Minute))
	got = rendered(t, func(w io.Writer) error { return asHTML(w, drill, "en") })
	if len(got) >= limit/2 {
		t.Errorf("the page of a long drill has %d bytes, want less than %d", len(got), limit/2)
	}
}

// FuzzText renders foreign text into every report.
func FuzzText(f *testing.F) {
	f.Add(nasty)
	f.Add("\xff\xfe\r\n\t```\n---\n")
	f.Add("中文 \ufffe\uffff \u2028 ]]>")
	f.Fuzz(func(t *testing.T, s string) {
		r := run(unmeasurable())
		r.Drills[0].Record.Head.Title = record.Text{"en": s}
		r.Drills[0].Record.Events = append(r.Drills[0].Record.Events,
			record.Event{Kind: record.Command, What: s, Answer: s},
			record.Event{Kind: record.Finding, What: s, Answer: s, Err: s})
		r.Drills[0].Record.Tail.Err = s
		wellFormed(t, rendered(t, func(w io.Writer) error { return asJUnit(w, r) }))
		if page := rendered(t, func(w io.Writer) error { return asHTML(w, r, "en") }); !utf8.ValidString(page) {
			t.Error("the page is not UTF-8")
		}
		table := rendered(t, func(w io.Writer) error { return reports.Table(w, r, "en", 0) })
		for line := range strings.SplitSeq(table, "\n") {
			if n := columns(line); n > 100 {
				t.Errorf("a line has %d columns: %s", n, line)
			}
		}
		_ = rendered(t, func(w io.Writer) error { return asMarkdown(w, r, "zh") })
		_ = rendered(t, func(w io.Writer) error { return results.Write(w, r) })
	})
}
