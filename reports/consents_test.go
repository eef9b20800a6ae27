package reports_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// TestConsentIsShown: who was asked, and for how long the drill waited, stands in its own
// table, among the phases and in the picture, in both languages.
func TestConsentIsShown(t *testing.T) {
	rec := quick(5).run()
	yes := phrase.Say("yes")
	rec.Phrases = map[string]phrase.Phrase{yes.Text: yes}
	i := len(rec.Events)
	for n, e := range rec.Events {
		if e.Kind == record.Decided {
			i = n
		}
	}
	if i == len(rec.Events) {
		t.Fatal("nobody decides in this record")
	}
	at := rec.Events[i].At
	rec.Events = append(rec.Events[:i:i], append([]record.Event{
		{At: at, Kind: record.Consent, Step: 2, Took: 600 * time.Millisecond, By: "li.wei", Answer: yes.Text},
	}, rec.Events[i:]...)...)
	for lang, want := range map[string][]string{
		"en": {"Who consented", "| 600 ms | yes | li.wei |", "| waiting for a person, li.wei, before step 2 |"},
		"zh": {"操作确认", "| 600 毫秒 | 同意 | li.wei |", "| 等待人工确认（li.wei，步骤 2 之前） |"},
	} {
		page := rendered(t, func(w io.Writer) error { return asMarkdown(w, run(rec), lang) })
		page = strings.ReplaceAll(page, "\u00a0", " ")
		for _, line := range want {
			if !strings.Contains(page, line) {
				t.Errorf("%s: the summary has no %s in\n%s", lang, line, page)
			}
		}
		html := rendered(t, func(w io.Writer) error { return asHTML(w, run(rec), lang) })
		if !strings.Contains(html, `class="wait"`) {
			t.Errorf("%s: the picture does not show the wait", lang)
		}
	}
}
