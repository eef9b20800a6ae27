package reports

import (
	"strconv"
	"strings"

	"drillbook/harness/measure"
)

// Sentence says a reason in plain words, with its figures and its limit. In a
// language that there are no words in it speaks English.
func Sentence(r measure.Reason, lang string) string { return wordsIn(lang).sentence(r) }

func (w words) sentence(r measure.Reason) string {
	key := "reason." + string(r.Code)
	if blamed := key + "." + string(r.Blame); w.has(blamed) {
		key = blamed
	}
	if r.Line > 0 && w.has(key+".line") {
		key += ".line"
	}
	if !w.has(key) {
		key = "reason.other"
	}
	lost := w.duration(r.Age, nearest)
	return w.say(key,
		"bracket", w.bracket(r.Bracket, r.Open),
		"limit", w.duration(r.Limit, nearest),
		"count", count(r.Count),
		"most", count(r.Most),
		"age", lost,
		"step", strconv.Itoa(r.Step),
		"line", strconv.Itoa(r.Line),
		"code", string(r.Code),
		"detail", w.detail(r.Detail),
	)
}

// detail is fitted into a sentence: one line, without its own full stop.
func (w words) detail(s string) string {
	s = strings.Join(strings.Fields(Clean(s)), " ")
	s = strings.TrimRight(s, ".。")
	if s == "" {
		return w.say("unknown")
	}
	return shorten(s, maxDetail)
}

// maxDetail bounds what a sentence quotes.
const maxDetail = 300
