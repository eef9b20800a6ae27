package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"drillbook/harness/measure"
	"drillbook/reports/words"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// table reads the words of a language.
func table(t *testing.T, lang string) map[string]string {
	t.Helper()
	var text []byte
	for _, name := range []string{
		lang + ".txt", "people." + lang + ".txt", "sheet." + lang + ".txt", "watched." + lang + ".txt",
	} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}
	found := map[string]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		if !ok || value == "" {
			t.Errorf("%s, line %d: %q is not \"key: text\"", lang, n+1, line)
		}
		if _, twice := found[key]; twice {
			t.Errorf("%s, line %d: %s is there twice", lang, n+1, key)
		}
		found[key] = value
	}
	return found
}

func TestLanguagesSayTheSame(t *testing.T) {
	english := table(t, "en")
	gap := regexp.MustCompile(`\{[^}]*\}`)
	for _, lang := range words.Languages() {
		own := table(t, lang)
		for key, text := range english {
			other, ok := own[key]
			if !ok {
				t.Errorf("%s lacks %s", lang, key)
				continue
			}
			want, got := gap.FindAllString(text, -1), gap.FindAllString(other, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: the gaps of %s are %v, want %v", lang, key, got, want)
			}
		}
		for key := range own {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English has not", lang, key)
			}
		}
	}
}

// TestWordsAreUsed finds words that nobody says and keys that have no words.
func TestWordsAreUsed(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"../*/*.go", "../*/*.tmpl", "../*.go", "../pages/*.tmpl"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	english := table(t, "en")
	said := regexp.MustCompile(`(?:\b(?:Say|add)\(|\.T )"([a-z][a-z0-9._-]*)"[,)}]`)
	for _, m := range said.FindAllStringSubmatch(source.String(), -1) {
		if _, ok := english[m[1]]; !ok && !slices.Contains(properties(), m[1]) {
			t.Errorf("nothing is said for %q", m[1])
		}
	}
	// What is put together from a prefix and a value.
	built := []string{
		"verdict.", "outcome.", "kind.", "role.", "reason.", "reading.", "phase.", "line.", "probe.how.",
		"register.why.",
		"measured.", "member-kind.", "event.", "breakage.", "state.", "row.", "page.", "explore.", "sheet.own.",
		"sheet.own-lost.", "sheet.grade.", "night.why.", "night.problem.",
	}
	for key := range english {
		found := strings.Contains(source.String(), `"`+key+`"`)
		for _, prefix := range built {
			found = found || strings.HasPrefix(key, prefix)
		}
		if !found {
			t.Errorf("nobody says %q", key)
		}
	}
}

// properties are names in junit.xml, which are no words.
func properties() []string {
	return []string{"runbook", "system", "stand_in", "trial", "trials", "verdict"}
}

// codes are all reasons that harness/measure may give.
func codes(t *testing.T) []measure.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../harness/measure/result.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []measure.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, measure.Code(value))
		}
		return true
	})
	if len(found) < 20 {
		t.Fatalf("found only %d codes", len(found))
	}
	return found
}

func TestSentenceKnowsEveryCode(t *testing.T) {
	for _, code := range codes(t) {
		r := measure.Reason{
			Verdict: measure.Missed, Code: code, Step: 3, Bracket: measure.Bracket{Least: 412 * ms, Most: 436 * ms},
			Limit: 300 * ms, Most: 2, Count: 81, Age: 405 * ms, Detail: "what happened.",
		}
		english, chinese := words.In("en").Sentence(r), words.In("zh").Sentence(r)
		if !strings.HasSuffix(english, ".") || !strings.HasSuffix(chinese, "。") {
			t.Errorf("%s is not a sentence: %q, %q", code, english, chinese)
		}
		for _, s := range []string{english, chinese} {
			if strings.ContainsAny(s, "{}⟦⟧") || strings.Contains(s, string(code)+":") || strings.Contains(s, "..") {
				t.Errorf("%s: %q", code, s)
			}
		}
		if !strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s is not Chinese: %q", code, chinese)
		}
	}
}

// TestSentenceSaysWhatIsNotBlamed: an outage of which a part is not held against the service
// is the one that was measured, and the sentence says how long that part is.
func TestSentenceSaysWhatIsNotBlamed(t *testing.T) {
	r := measure.Reason{
		Code: measure.RTOUnclear, Bracket: measure.Bracket{Least: 650 * ms, Most: 1610 * ms}, Limit: time.Second,
	}
	for _, lang := range words.Languages() {
		r.Age = 0
		whole := words.In(lang).Sentence(r)
		r.Age = 200 * ms
		said, found := strings.CutPrefix(words.In(lang).Sentence(r), whole)
		if !found || !strings.Contains(said, words.In(lang).Duration(r.Age)) {
			t.Errorf("%s: %q behind %q, want 200 ms named", lang, said, whole)
		}
	}
}

func TestSentenceOfUnknownCode(t *testing.T) {
	got := words.In("en").Sentence(measure.Reason{Code: "of-tomorrow", Detail: "something new"})
	if want := "of-tomorrow: something new."; got != want {
		t.Errorf("Sentence = %q, want %q", got, want)
	}
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		d      time.Duration
		en, zh string
	}{
		{0, "0 ms", "0 毫秒"},
		{43 * time.Microsecond, "0.04 ms", "0.04 毫秒"},
		{4310 * time.Microsecond, "4.3 ms", "4.3 毫秒"},
		{412 * ms, "412 ms", "412 毫秒"},
		{999600 * time.Microsecond, "1 s", "1 秒"},
		{1534 * ms, "1.53 s", "1.53 秒"},
		{30 * sec, "30 s", "30 秒"},
		{59960 * ms, "1 min", "1 分钟"},
		{123 * sec, "2 min 3 s", "2 分钟 3 秒"},
		{time.Hour - 100*ms, "1 h", "1 小时"},
		{62 * time.Minute, "1 h 2 min", "1 小时 2 分钟"},
		{-12 * ms, "−12 ms", "−12 毫秒"},
	} {
		if got := words.In("en").Duration(tt.d); got != tt.en {
			t.Errorf("Duration(%v) = %q, want %q", tt.d, got, tt.en)
		}
		if got := words.In("zh").Duration(tt.d); got != tt.zh {
			t.Errorf("Duration(%v) in Chinese = %q, want %q", tt.d, got, tt.zh)
		}
	}
}

func TestBracket(t *testing.T) {
	for _, tt := range []struct {
		name        string
		least, most time.Duration
		open        bool
		want        string
	}{
		{"both in milliseconds", 412 * ms, 436 * ms, false, "412–436 ms"},
		{"least is rounded down and most up", 412*ms + 999, 435*ms + 1, false, "412–436 ms"},
		{"over a second", 980 * ms, 1021 * ms, false, "0.98–1.03 s"},
		{"over a minute", 58 * sec, 61200 * ms, false, "58 s – 1 min 2 s"},
		{"nothing is certain", 0, 24 * ms, false, "at most 24 ms"},
		{"little is certain", 300 * time.Microsecond, 12 * ms, false, "0.3 ms – 12 ms"},
		{"both alike", 30 * sec, 30 * sec, false, "30 s"},
		{"still open", 1200 * ms, 1200 * ms, true, "at least 1.2 s, still open"},
		{"has just begun", 0, 3 * ms, true, "an unknown time, still open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := words.In("en").Bracket(measure.Bracket{Least: tt.least, Most: tt.most}, tt.open)
			if got != tt.want {
				t.Errorf("Bracket = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestSizes: sizes are written in digits, also those right below the next unit.
func TestSizes(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 812: "812 B", 1000: "1000 B", 1023: "1023 B", 1536: "1.5 KiB",
		12 << 20: "12 MiB", 1023 << 20: "1023 MiB",
	} {
		if got := words.Size(bytes); got != want {
			t.Errorf("%d bytes are written as %q, want %q", bytes, got, want)
		}
	}
}

// TestBracketNeverNarrows: whatever the lengths, what is written holds them.
func TestBracketNeverNarrows(t *testing.T) {
	for least := time.Duration(1); least < 2*time.Hour; least += least/3 + 1 {
		for most := least; most < 3*least; most += least/5 + 1 {
			s := words.In("en").Bracket(measure.Bracket{Least: least, Most: most}, false)
			low, high := parseBracket(t, s)
			if low > least || high < most {
				t.Fatalf("%v to %v is written %q", least, most, s)
			}
		}
	}
}

func parseBracket(t *testing.T, s string) (low, high time.Duration) {
	t.Helper()
	if rest, ok := strings.CutPrefix(s, "at most "); ok {
		return 0, parseDuration(t, rest)
	}
	first, last, ok := strings.Cut(s, " – ")
	if !ok {
		if first, last, ok = strings.Cut(s, "–"); ok {
			_, unit, _ := strings.Cut(last, " ")
			first += unit
		} else {
			last = first
		}
	}
	return parseDuration(t, first), parseDuration(t, last)
}

func parseDuration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(strings.NewReplacer("min", "m", " ", "").Replace(s))
	if err != nil {
		t.Fatalf("%q is no duration: %v", s, err)
	}
	return d
}
