package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/runbooks"
)

// cutLink is a link of machines that stay. Nothing is imposed on it.
type cutLink struct {
	link.Link

	err error // of its undo
}

func (cutLink) Phrase() phrase.Phrase    { return phrase.Quote("b to a") }
func (cutLink) String() string           { return "b to a" }
func (cutLink) Mechanism() phrase.Phrase { return phrase.Quote("nft add element") }

func (l cutLink) Undo(context.Context) (host.Undo, error) {
	return host.Undo{Node: "a", Argv: []string{"nft", "delete"}}, l.err
}

// TestConsentSaysWhatClientsSuffer: before how a fault is done, the question says in words what
// it does to clients and to the other member, and whether it ends by itself.
func TestConsentSaysWhatClientsSuffer(t *testing.T) {
	drop := link.Condition{Kind: link.Drop}
	one := fault.Impair(cutLink{}, drop)
	cut := fault.Group(phrase.Quote("network of a is cut"), one, one)
	unclear := fault.Impair(cutLink{err: errors.New("nobody knows")}, drop)
	lost := fault.HostLoss(driver.Member{Name: "a"})
	for _, tt := range []struct {
		lang  string
		f     fault.Fault
		lease time.Duration
		want  []string // in this order
	}{
		{
			"en", cut, 30 * time.Second,
			[]string{
				"fault: network of a is cut\nConsequence: packets vanish", "Clients that it cuts off get no answer",
				"both take writes", "it ends by itself within 30", "How: ", "nft add element", "Way back",
			},
		},
		{
			"zh", cut, 30 * time.Second,
			[]string{"故障：", "后果：", "客户端得不到应答", "两者都会接受写入", "自动结束", "手段：", "回退方式"},
		},
		{"en", cut, 0, []string{"Consequence: packets vanish", "How: "}},
		{"en", unclear, time.Minute, []string{"Consequence: packets vanish", "How: ", "nobody knows"}},
		{"en", lost, time.Minute, []string{"Consequence: the member is gone", "It does not end by itself", "How: "}},
	} {
		var out strings.Builder
		ask := asker(answersFrom(strings.NewReader("y\n")), &out, tt.lease, wordsIn(tt.lang))
		must(t, ask(t.Context(), runbooks.Step{Number: 1}, []fault.Fault{tt.f}))
		said := strings.Join(strings.Fields(out.String()), " ")
		rest := said
		for _, want := range tt.want {
			_, after, found := strings.Cut(rest, strings.ReplaceAll(want, "\n", " "))
			if !found {
				t.Errorf("in %s it says\n%s\nwant %q in its place", tt.lang, said, want)
				break
			}
			rest = after
		}
		if tt.lease == 0 && strings.Contains(said, "lease") && !strings.Contains(said, "the lease has ended") ||
			strings.Count(said, "vanish without") > 1 {
			t.Errorf("it says too much: %s", said)
		}
	}
}

// TestEveryKindHasAConsequence: there are words for what clients suffer by each kind of fault.
func TestEveryKindHasAConsequence(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		for _, k := range fault.Kinds(lang) {
			if text := wordsIn(lang).Say("fault-suffers." + k.Name); text == "" || strings.Contains(text, k.Name+".") {
				t.Errorf("in %s there is %q for %s", lang, text, k.Name)
			}
		}
	}
}
