package words

import (
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/reports/text"
)

// Sentence says a reason in plain words, with its figures and its limit.
func (w Words) Sentence(r measure.Reason) string {
	key := "reason." + string(r.Code)
	if blamed := key + "." + string(r.Blame); w.Has(blamed) {
		key = blamed
	}
	if r.Line > 0 && w.Has(key+".line") {
		key += ".line"
	}
	if !w.Has(key) {
		key = "reason.other"
	}
	lost := w.Duration(r.Age)
	said := w.Say(key,
		"bracket", w.Bracket(r.Bracket, r.Open),
		"limit", w.Duration(r.Limit),
		"count", Count(r.Count),
		"most", Count(r.Most),
		"age", lost,
		"step", strconv.Itoa(r.Step),
		"line", strconv.Itoa(r.Line),
		"code", string(r.Code),
		"detail", w.Detail(r.Detail),
	)
	outages := []measure.Code{
		measure.RTOMissed, measure.RTOOpen, measure.RTOUnclear, measure.StepMissed, measure.StepUnclear,
	}
	if r.Age > 0 && slices.Contains(outages, r.Code) {
		said += w.Say("reason-not-blamed", "age", lost)
	}
	return said
}

// Detail is foreign text fitted into a sentence: one line, without its own full stop.
func (w Words) Detail(s string) string {
	s = text.Line(text.Clean(s))
	s = strings.TrimRight(s, ".。")
	if s == "" {
		return w.Say("unknown")
	}
	return text.Shorten(s, maxDetail)
}

// maxDetail bounds what a sentence quotes.
const maxDetail = 300
