package words_test

import (
	"testing"

	"drillbook/harness/phrase"
	"drillbook/reports/words"
)

func TestTell(t *testing.T) {
	unchecked := phrase.Say("not checked: %v", "why")
	for _, tt := range []struct {
		name   string
		p      phrase.Phrase
		en, zh string
	}{
		{"empty", phrase.Phrase{}, "", ""},
		{"known", unchecked, "not checked: why", "未检查：why"},
		{"one in another", phrase.Say("not checked: %v", unchecked), "not checked: not checked: why", "未检查：未检查：why"},
		{
			"joined", phrase.Join([]phrase.Phrase{unchecked, unchecked}, "\n"),
			"not checked: why\nnot checked: why", "未检查：why\n未检查：why",
		},
		{"said by others", phrase.Quote("ERROR: no"), "ERROR: no", "ERROR: no"},
		{"of an older record", phrase.Phrase{Text: "disk is full"}, "disk is full", "「原文」disk is full"},
		{"without words", phrase.Say("nobody translated %s", "it"), "nobody translated it", "「原文」nobody translated it"},
		{
			"whose maker has its Chinese", phrase.Both("type it", "输入"), "type it", "输入",
		},
		{
			"of a table, behind what others said", phrase.Say("%s: %s", phrase.Quote("ERROR #2096"),
				phrase.Both("type it", "输入")), "ERROR #2096: type it", "ERROR #2096：输入",
		},
		{
			"without words in one with", phrase.Say("not checked: %v", phrase.Say("nobody translated it")),
			"not checked: nobody translated it", "未检查：nobody translated it",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := words.In("en").Tell(tt.p); got != tt.en {
				t.Errorf("in English %q, want %q", got, tt.en)
			}
			if got := words.In("zh").Tell(tt.p); got != tt.zh {
				t.Errorf("in Chinese %q, want %q", got, tt.zh)
			}
		})
	}
}
