package console_test

import (
	"regexp"
	"slices"
	"testing"

	"drillbook/harness/console"
)

// expressions are of all forms that wordings have.
func expressions() []string {
	return []string{
		`(?im)(?:\bERROR|错误|エラー)\s*#(\d{1,5})\b\s*[:：]?[ \t]*(.*)$`, `(?m)^\s*\S+ #(\d{1,5})`, `#(50[37])\b`,
		`(?m)(?:^|>)[ \t]*<([A-Z][A-Z0-9 ]+)>[ \t]*(.*)$`, `[\[［](-\d{1,6})[\]］]`, `(?i)sky|Kiss(?:es)?`,
		`a*`, `(?:ab)?c`,
		`(?:ab){2,3}`, `x?yz`, `.`, `[^a]b`, `(?i)ſtraße`, `(?:(?:ab|cd)+|ef)g`,
		`\x{fffd}x`, `(?s:a.b)cd`, `ab$|^cd`, `(?i)é1`,
		`\bab\b(c?)`, `(?m)^abc(d)?|\Bbcd$`, `(?i)code\s*[:=](-\d+)`, `错误(?:码|代码)?\b`,
	}
}

// FuzzSieve: a line that does not pass fits no expression, and what is found quickly is what
// is found.
func FuzzSieve(f *testing.F) {
	groups := make([][]*regexp.Regexp, len(expressions()))
	for i, text := range expressions() {
		groups[i] = []*regexp.Regexp{regexp.MustCompile(text)}
	}
	sieve, quick := console.NewSieve(groups...), console.Quick(slices.Concat(groups...)...)
	for _, line := range []string{
		"ERROR #2105: x", "错误 #1", "X #7", "#503", "x><AB>", "［-5]", "ſKY", "\u212aiss", "abab",
		"STRASSE straße", "cdg", "É1", "\xffx",
		"a\nb", "xab ab abc", "abcd\nabc", "Kcode  code:-7 ab", "错误码 错误代码x", "ab\n", "yz", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		passed := sieve.Of(line)
		for i, group := range groups {
			want := group[0].FindStringSubmatchIndex(line)
			if want != nil && !passed.Has(i) {
				t.Errorf("%q fits %s and does not pass", line, group[0])
			}
			if got := quick[i].Find(line); !slices.Equal(got, want) {
				t.Errorf("in %q %s finds %v, want %v", line, group[0], got, want)
			}
		}
	})
}

// TestSieve: lines of other things do not pass.
func TestSieve(t *testing.T) {
	sieve := console.NewSieve(
		[]*regexp.Regexp{regexp.MustCompile(`(?i)\berror #\d+`), regexp.MustCompile(`错误`)},
		[]*regexp.Regexp{regexp.MustCompile(`[\[［]-\d+`)},
		[]*regexp.Regexp{regexp.MustCompile(`\d`)},
	)
	for line, want := range map[string]console.Passed{
		"checkpoint done": 4, "an Error #1": 5, "错误": 5, "[-1": 6, "［-1 ERROR #": 7, "e": 4, "": 4,
	} {
		if got := sieve.Of(line); got != want {
			t.Errorf("%q passes %b, want %b", line, got, want)
		}
	}
}
