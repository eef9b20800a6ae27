package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"drillbook/reports/text"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, foreign, want string }{
		{"plain", "a\tb\nc 数据库 é 🙂", "a\tb\nc 数据库 é 🙂"},
		{"colour", "\x1b[1;31mred\x1b[0m", "red"},
		{"colour, with the other introducer", "\u009b31mred\u009b0m", "red"},
		{"title of the window", "a\x1b]0;pwned\x07b\x1b]2;x\x1b\\c\u009d0;y\u009cd", "abcd"},
		{"title in Chinese", "a\x1b]0;日本\x07b\x1bP本\x1b\\c", "abc"},
		{"device control", "a\x1bPq#0\x1b\\b\x1b_x\x1b\\c", "abc"},
		{"clipboard", "\x1b]52;c;aGk=\x07x", "x"},
		{"character set and reset", "\x1b(0x\x1bcy\x1b7z", "xyz"},
		{"a sequence within one", "\x1b\x1b[0m[31mred", "[31mred"},
		{"one that does not end", "a\x1b]0;title", "a0;title"},
		{"cursor and bell", "a\bb\ac\x7fd\x00e", "abcde"},
		{"over the line before", "met\rmissed\r\nx", "met\nmissed\nx"},
		{"direction", "a\u202eb\u2066c\u200fd", "abcd"},
		{"no width", "a\u200bb\u200dc\u2060d\ufeffe\u00adf\U000e0041g", "abcdefg"},
		{"other ends of lines", "a\u2028b\u2029c\u0085d", "a\nb\ncd"},
		{"broken", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"broken into a sequence", "\x9b31mred", "\ufffd31mred"},
	} {
		if got := text.Clean(tt.foreign); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("<b> a|b `c`\n# k\x00\x1b[31mred\x1b[0m\u202eleft")
	f.Add("\x1b[\x1b]\u009b\xff\u202e")
	f.Fuzz(func(t *testing.T, foreign string) {
		got := text.Clean(foreign)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\u009b\u009d\r\u202e\u200b\x00\x07") {
			t.Fatalf("%q", got)
		}
		if again := text.Clean(got); again != got {
			t.Fatalf("cleaned again, %q is %q", got, again)
		}
	})
}

// However long a text is, what is shown of it is its beginning, and marked as cut.
func TestShort(t *testing.T) {
	for _, tt := range []struct{ name, foreign, want string }{
		{"short", "a\x1b[0mb\nc", "ab\nc"},
		{"as long as may be", "0123456789", "0123456789"},
		{"longer", "0123456789a", "012345678…"},
		{"very long", strings.Repeat("数据", 10_000), "数据数据数据数据数…"},
		{"very long, and hardly any of it can be shown", "x" + strings.Repeat("\u202e", 1000) + "y", "x…"},
	} {
		if got := text.Short(tt.foreign, 10); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
