package words

import (
	"io/fs"
	"strconv"
	"strings"

	"drillbook/harness/phrase"
)

// phrases reads how a language says what the harness and the products' adapters say.
// Its tables are the files of a folder with the language's code. An entry is a line with
// the code of the phrase and, behind a tab, a line with its words. Either may be in quotes,
// which hold line ends. The order of gaps is free.
func phrases(lang string) map[string]string {
	table := map[string]string{}
	parts, err := fs.Glob(files, lang+"/*.txt")
	if err != nil {
		panic("words: " + err.Error()) // the pattern is well-formed
	}
	for _, name := range parts {
		text, err := files.ReadFile(name)
		if err != nil {
			panic("words: " + err.Error()) // the file is embedded
		}
		code := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			if said, ok := strings.CutPrefix(line, "\t"); ok {
				table[code] = unquoted(said)
			} else if line != "" && !strings.HasPrefix(line, "#") {
				code = unquoted(line)
			}
		}
	}
	return table
}

func unquoted(s string) string {
	if text, err := strconv.Unquote(s); err == nil {
		return text
	}
	return s
}

// Tell says a phrase in the language. Words that have no code, or a code that this
// language does not know, are shown in English and marked as the original.
func (w Words) Tell(p phrase.Phrase) string {
	said, ok := w.tell(p)
	if ok || w.Lang == "en" || !prose(said) {
		return said
	}
	return w.Say("original", "text", said)
}

// Name is [Words.Tell] for a name, which is never marked.
func (w Words) Name(p phrase.Phrase) string {
	said, _ := w.tell(p)
	return said
}

// prose reports whether a text is more than a name, a figure or a keyword: words with a
// space between them. Foreign text may be very long.
func prose(s string) bool {
	letter, apart := false, false // whether a letter came last, and blanks behind it
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\f', '\r':
			apart = letter
		default:
			if apart && isLetter(r) {
				return true
			}
			letter, apart = isLetter(r), false
		}
	}
	return false
}

// tell is a phrase in the language, if there are words for it. What stands in its gaps is
// told as far as there are words for that.
func (w Words) tell(p phrase.Phrase) (said string, ok bool) {
	if said, ok := p.Said[w.Lang]; ok {
		return said, true
	}
	if p.Code == "" || w.Lang == "en" {
		return p.Text, w.Lang == "en"
	}
	said, ok = w.phrases[p.Code]
	if !ok && !strings.ContainsFunc(outsideGaps(p.Code), isLetter) {
		said, ok = p.Code, true // names, figures and what others said
	}
	if !ok {
		return p.Text, false
	}
	gaps := make([]string, 0, 2*len(p.Args))
	for i, arg := range p.Args {
		text, _ := w.tell(arg)
		gaps = append(gaps, "{"+strconv.Itoa(i+1)+"}", text)
	}
	return strings.NewReplacer(gaps...).Replace(said), true
}

// Told reports whether the language has words for a phrase.
func (w Words) Told(p phrase.Phrase) bool {
	_, ok := w.tell(p)
	return ok
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// outsideGaps is a code without its gaps.
func outsideGaps(code string) string {
	var out strings.Builder
	for code != "" {
		text, rest, _ := strings.Cut(code, "{")
		out.WriteString(text)
		_, code, _ = strings.Cut(rest, "}")
	}
	return out.String()
}
