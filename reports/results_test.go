package reports_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/linear"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/results"
)

// full is a drill of which every field says something.
func full() reports.Drill {
	d := run(split()).Drills[0]
	r := &d.Result
	token := measure.Token{Stream: writing, Seq: 7, Member: "pg1", At: sec, Epoch: 3}
	r.Writes.Lost, r.Writes.Phantom = []measure.Token{token}, []measure.Token{token}
	r.Writes.Duplicated, r.Writes.Diverged = []measure.Token{token}, []measure.Token{token}
	r.Writes.Unread = []string{"pg2"}
	r.Writes.Behind = []measure.Behind{{Member: "pg2", Writes: 3}}
	d.Record.Head.Kinds = map[string]string{"pg2": "asynchronous"}
	r.Steps[0].Outcome, r.Steps[0].Err = measure.Failed, "it broke"
	broke := measure.Reason{Verdict: measure.Missed, Code: measure.StepFailed, Step: 1, Detail: "it broke"}
	r.Reasons = append(r.Reasons, broke)
	r.Faults[0].Err, r.Faults[0].HeldBy, r.Faults[0].Lapsed = "heal failed twice", "it held", true
	d.Record.Tail.Err = "the fault could not be healed"
	d.Register = broken()
	return d
}

// broken is a register whose get shows what was overwritten before it.
func broken() linear.Result {
	return linear.Result{
		Verdict: linear.Broken, Reason: linear.TookTooLong, Puts: 2, Gets: 1, Unknown: 1,
		Evidence: []linear.Operation{
			{Put: true, Value: 1, Invoked: sec, Returned: sec + ms, Outcome: record.Acked, Member: 1},
			{Put: true, Value: 2, Invoked: 2 * sec, Returned: 2*sec + ms, Outcome: record.Acked, Member: 2},
			{Value: 1, Invoked: 3 * sec, Returned: 3*sec + ms, Outcome: record.Acked, Member: 1},
		},
	}
}

// A fault that ended before it was healed is said to have, in both languages.
func TestLapsedFault(t *testing.T) {
	d := run(split()).Drills[0]
	d.Result.Faults[0].Lapsed, d.Result.Faults[0].Err = true, "pg1 is running, not ended"
	reason := measure.Reason{
		Verdict: measure.Unmeasurable, Code: measure.FaultLapsed, Detail: d.Result.Faults[0].What,
	}
	for lang, want := range map[string]struct{ fault, reason string }{
		"en": {"no evidence that it held until it was healed", "still held when it was healed"},
		"zh": {"未能确认持续到撤除之时", "一直持续到撤除之时"},
	} {
		var page strings.Builder
		if err := asMarkdown(&page, reports.Run{Drills: []reports.Drill{d}}, lang); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page.String(), want.fault) {
			t.Errorf("%s: the page does not say %q", lang, want.fault)
		}
		said := reports.Sentence(reason, lang)
		if !strings.Contains(said, want.reason) || !strings.Contains(said, reason.Detail) {
			t.Errorf("%s: the reason is %q, want %q and the fault", lang, said, want.reason)
		}
	}
}

// A register that was no one copy is said to be none, with the evidence, in
// both languages.
func TestRegister(t *testing.T) {
	d := run(split()).Drills[0]
	d.Register = broken()
	for lang, want := range map[string]string{
		"en": "no: put of 1 from ", "zh": "否：写入 1",
	} {
		var page strings.Builder
		if err := asMarkdown(&page, reports.Run{Drills: []reports.Drill{d}}, lang); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page.String(), want) {
			t.Errorf("%s: the page does not say %q", lang, want)
		}
	}
}

// paths are the fields of a JSON value, and whether they hold plain values.
func paths(value any, at string, found map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for k, sub := range v {
			path := strings.TrimPrefix(at+"."+k, ".")
			if regexp.MustCompile(`(^|\.)(title|comment|params|versions|kinds|tables|by)$`).MatchString(at) {
				path = at + ".*"
			}
			found[path] = true
			paths(sub, path, found)
		}
	case []any:
		delete(found, at)
		found[at+"[]"] = true
		for _, sub := range v {
			paths(sub, at+"[]", found)
		}
	}
}

// short is a path as the README writes it.
func short(path string) string {
	path = regexp.MustCompile(`^drills\[\]\.(\w)`).ReplaceAllString(path, "$1")
	return regexp.MustCompile(`^(?:writes\.tokens\.\w+|split_brain\.tokens)\[\]\.`).
		ReplaceAllString(path, "tokens[].")
}

// TestEveryFieldIsDocumented: README.md and results.json have the same fields.
func TestEveryFieldIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(readme), -1) {
		documented[m[1]] = true
	}
	found := map[string]bool{}
	repeated := reports.Run{
		Drills: slices.Repeat([]reports.Drill{full()}, 6), Skipped: skipped(), Broken: brokenRuns(),
	}
	for _, r := range append(slices.Collect(maps.Values(cases())), repeated, older(t), flawed(t), aNight()) {
		var v any
		if err := json.Unmarshal([]byte(resultsOf(t, r)), &v); err != nil {
			t.Fatal(err)
		}
		paths(v, "", found)
	}
	all := map[string]bool{}
	for path := range found {
		all[short(path)] = true
	}
	for path := range all {
		holder := slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(other string) bool {
			return strings.HasPrefix(other, path+".")
		})
		if !documented[path] && !holder {
			t.Errorf("README.md does not document %s", path)
		}
	}
	for path := range documented {
		// the fields of a downtime stand there once for drills and steps
		if !all[path] && !strings.HasSuffix(path, ".html") && !strings.HasSuffix(path, ".md") &&
			!strings.HasSuffix(path, ".xml") && path != reports.ResultsFile {
			t.Errorf("README.md documents %s, which there is not", path)
		}
	}
}

func resultsOf(t *testing.T, r reports.Run) string {
	t.Helper()
	return rendered(t, func(w io.Writer) error { return results.Write(w, r) })
}

func decode(t *testing.T, r reports.Run) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(resultsOf(t, r)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at follows a path of names and indexes into a JSON value.
func at(t *testing.T, v any, path string) any {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			sub, ok := x[key]
			if !ok {
				return nil
			}
			v = sub
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(x) {
				t.Fatalf("%s: no element %s", path, key)
			}
			v = x[n]
		default:
			t.Fatalf("%s: nothing at %s", path, key)
		}
	}
	return v
}

func TestUnknownIsNull(t *testing.T) {
	cutOff := decode(t, run(cut()))
	for _, path := range []string{
		"drills.0.writes.lost", "drills.0.writes.applied_unknown", "drills.0.writes.oldest_lost_ms",
		"drills.0.writes.phantom", "drills.0.downtime.most_ms", "drills.0.outages.0.most_ms",
		"drills.0.outages.0.to_ms",
		"drills.0.phases.served_ms", "drills.0.steps.2.downtime.most_ms", "drills.0.steps.4.took_ms",
		"drills.0.steps.4.downtime",
		"summaries.0.lost", "summaries.0.downtime_ms.max",
	} {
		if got := at(t, cutOff, path); got != nil {
			t.Errorf("cut off: %s = %v, want null", path, got)
		}
	}
	if got := at(t, cutOff, "drills.0.outages.0.open"); got != true {
		t.Errorf("cut off: the outage is open: %v, want true", got)
	}
	unheld := decode(t, run(unmeasurable()))
	for _, path := range []string{"drills.0.faults.0.confirmed_ms", "drills.0.phases", "summaries.0.downtime_ms.p50"} {
		if got := at(t, unheld, path); got != nil {
			t.Errorf("fault not confirmed: %s = %v, want null", path, got)
		}
	}
	silent := newWorld(8, 5*sec)
	silent.rec.Head.Streams = silent.rec.Head.Streams[:0]
	none := decode(t, run(silent.run()))
	for _, path := range []string{
		"drills.0.downtime", "drills.0.stale", "drills.0.probe.error_ms", "drills.0.probe.rate",
	} {
		if got := at(t, none, path); got != nil {
			t.Errorf("nothing tried: %s = %v, want null", path, got)
		}
	}
}

func TestResultsAreExact(t *testing.T) {
	v := decode(t, run(quick(1).run()))
	for path, want := range map[string]any{
		"schema": 1.0, "drills.0.verdict": "met", "drills.0.writes.lost": 0.0, "drills.0.promise.rto_ms": 30000.0,
		"drills.0.steps.0.downtime.allowed_ms": 0.0, "drills.0.faults.0.confirmed_ms": 6012.0,
		"drills.0.phases.zero_ms": 6012.0, "drills.0.outages.0.stream": "writes", "drills.0.stand_in": "",
		"summaries.0.met": 1.0,
	} {
		if got := at(t, v, path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
}

// TestSixTrials: enough to say where the median lies.
func TestSixTrials(t *testing.T) {
	six := reports.Run{Drills: slices.Repeat(run(quick(1).run()).Drills, 6)}
	v := decode(t, six)
	for path, want := range map[string]any{
		"summaries.0.verdict": "met", "summaries.0.median.coverage": 0.9687, "summaries.0.kept_at_least": 0.6069,
		"summaries.0.median.least_ms": at(t, v, "summaries.0.downtime_ms.p50_least"),
		"summaries.0.median.most_ms":  at(t, v, "summaries.0.downtime_ms.p50"),
	} {
		if got := at(t, v, path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	for lang, want := range map[string]string{"en": " ms (96.8 %) | 30 s | 60.6 % | 0 |", "zh": "（96.8%） | 30"} {
		page := rendered(t, func(w io.Writer) error { return asMarkdown(w, six, lang) })
		page = strings.ReplaceAll(page, "\u00a0", " ")
		if !strings.Contains(page, want) {
			t.Errorf("%s: the summary lacks %q", lang, want)
		}
	}
}

// TestTrialsAreNotMixed: real and stand-in, and other parameters, are groups
// of their own, and an open outage is longer than any other.
func TestTrialsAreNotMixed(t *testing.T) {
	one := run(quick(1).run()).Drills[0]
	other := one
	changed := *one.Record
	changed.Head.StandIn = "a stand-in"
	other.Record = &changed
	open := one
	open.Result.Downtime.Open = true
	v := decode(t, reports.Run{Drills: []reports.Drill{one, other, open, one}})
	if got := len(v["summaries"].([]any)); got != 2 {
		t.Fatalf("%d summaries, want 2", got)
	}
	for path, want := range map[string]any{
		"summaries.0.trials": 3.0, "summaries.0.open": 1.0, "summaries.0.downtime_ms.max": nil,
		"summaries.1.trials": 1.0,
	} {
		if got := at(t, v, path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	if got := at(t, v, "summaries.0.downtime_ms.p50"); got == nil {
		t.Error("the median of three trials, one of them open, is unknown; want the greater of the other two")
	}
}

type suite struct {
	Name      string `xml:"name,attr"`
	Package   string `xml:"package,attr"`
	Timestamp string `xml:"timestamp,attr"`
	Hostname  string `xml:"hostname,attr"`
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Skipped   int    `xml:"skipped,attr"`
	Time      string `xml:"time,attr"`
	Cases     []struct {
		Name      string    `xml:"name,attr"`
		Classname string    `xml:"classname,attr"`
		Time      string    `xml:"time,attr"`
		Skipped   *struct{} `xml:"skipped"`
		Error     *struct{} `xml:"error"`
		Failure   *struct{} `xml:"failure"`
	} `xml:"testcase"`
	Out string `xml:"system-out"`
}

// TestJUnit checks what the schemas of Ant and Jenkins demand, and that the
// counts are right.
func TestJUnit(t *testing.T) {
	for name, r := range cases() {
		var got struct {
			Suites []suite `xml:"testsuite"`
		}
		text := rendered(t, func(w io.Writer) error { return asJUnit(w, r) })
		if err := xml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		for i, s := range got.Suites {
			var failures, faulty, skipped int
			for _, c := range s.Cases {
				if c.Name == "" || c.Classname == "" || strings.Contains(c.Classname, "/") {
					t.Errorf("%s: a case is named %q of %q", name, c.Name, c.Classname)
				}
				if _, err := strconv.ParseFloat(c.Time, 64); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if c.Failure != nil {
					failures++
				}
				if c.Error != nil {
					faulty++
				}
				if c.Skipped != nil {
					skipped++
				}
			}
			if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != faulty || s.Skipped != skipped {
				t.Errorf("%s: the counts of suite %d are wrong: %+v", name, i, s)
			}
			_, err := time.Parse("2006-01-02T15:04:05", s.Timestamp)
			if err != nil || s.Hostname == "" || s.Package == "" {
				t.Errorf("%s: suite %d lacks an attribute: %+v", name, i, s)
			}
			last := s.Cases[len(s.Cases)-1]
			missed := last.Failure != nil
			verdict := r.Drills[i].Result.Verdict
			if missed != (verdict == measure.Missed) || (last.Error != nil) != (verdict == measure.Unmeasurable) {
				t.Errorf("%s: the promise of suite %d does not end as its verdict %s", name, i, verdict)
			}
		}
	}
}

// TestJUnitOfABotchedStep: a step that failed because a fault could not be healed
// is an error of the drill and no failure of the service.
func TestJUnitOfABotchedStep(t *testing.T) {
	rec := record.Record{
		Head: record.Head{Schema: record.Schema, Steps: []record.Step{{Number: 1}}},
		Events: []record.Event{
			{Kind: record.Began, Step: 1},
			{Kind: record.Ended, Step: 1, Err: "heal x: still cut", Blame: record.BlameFault},
		},
		Tail: &record.Tail{},
	}
	var got struct {
		Suites []suite `xml:"testsuite"`
	}
	text := rendered(t, func(w io.Writer) error { return asJUnit(w, run(&rec)) })
	if err := xml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if s := got.Suites[0]; s.Failures != 0 || s.Errors != 2 {
		t.Errorf("%d failures and %d errors, want none and 2: the drill is unmeasurable", s.Failures, s.Errors)
	}
}
