package console_test

import (
	"slices"
	"testing"

	"drillbook/harness/console"
)

func TestNear(t *testing.T) {
	numbers := []string{"#2000", "#2105", "#2150", "#2179", "#2200", "#503"}
	for _, tt := range []struct {
		word  string
		among []string
		want  []string
	}{
		{"#2015", numbers, []string{"#2105", "#2000", "#2150"}},
		{"#2199", numbers, []string{"#2179", "#2150", "#2105"}},
		{"-8401", []string{"-8410", "-8402", "-8041"}, []string{"-8402", "-8410", "-8041"}},
		{"hnug", []string{"hung", "down"}, []string{"hung", "down"}},
		{"x", nil, nil},
	} {
		if got := console.Near(tt.word, tt.among, 3); !slices.Equal(got, tt.want) {
			t.Errorf("Near(%s) = %v, want %v", tt.word, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m": "red", "a\r\nb\rc": "a\nb\nc", "ab\b\bc": "c", "\x1b]0;title\x07x": "x", "一\b二": "二",
		"\n\bx": "\nx", "bell\x07\x00": "bell", "\x1b[": "[", "tab\tx": "tab\tx",
	} {
		if got := console.Clean(text); got != want {
			t.Errorf("%q = %q, want %q", text, got, want)
		}
	}
}
