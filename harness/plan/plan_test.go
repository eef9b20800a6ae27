package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"drillbook/harness/phrase"
	"drillbook/harness/plan"
	"drillbook/harness/record"
)

func made() plan.Plan {
	return plan.Plan{
		Schema: plan.Schema, Harness: "v1", Runbook: "postgres/lost-primary", Title: record.Text{"en": "Lost"},
		Params:  map[string]string{"mode": "sync"},
		Members: []plan.Member{{Name: "db1", Page: "a", Role: "primary"}, {Name: "db2", Page: "b", Role: "standby"}},
		Facts: []plan.Fact{
			{Member: "db1", What: phrase.Quote("system identifier"), Value: phrase.Quote("7001")},
			{Member: "db2", What: phrase.Quote("lag"), Value: phrase.Quote("0 bytes"), Moves: true},
		},
		Steps: []plan.Step{{Number: 1, Title: record.Text{"en": "Look"}}},
	}
}

func digest(t *testing.T, p plan.Plan) string {
	t.Helper()
	d, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What moves by itself may; whatever else changes makes another plan, and is named.
func TestChanged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*plan.Plan)
		want   string // "": it is the same plan
	}{
		{
			"nothing", func(*plan.Plan) {}, "",
		},
		{
			"lag", func(p *plan.Plan) { p.Facts[1].Value = phrase.Quote("17 bytes") }, "",
		},
		{
			"a fact", func(p *plan.Plan) { p.Facts[0].Value = phrase.Quote("7002") },
			`system identifier of db1 was "7001" and is "7002"`,
		},
		{
			"a fact that is gone", func(p *plan.Plan) { p.Facts = p.Facts[1:] },
			`system identifier of db1 was "7001" and is ""`,
		},
		{
			"roles", func(p *plan.Plan) { p.Members[0].Role, p.Members[1].Role = "standby", "primary" },
			"the members was",
		},
		{
			"a parameter", func(p *plan.Plan) { p.Params = map[string]string{"mode": "async"} }, "the parameters was",
		},
		{
			"drillbook", func(p *plan.Plan) { p.Harness = "v2" }, `the version of drillbook was "v1" and is "v2"`,
		},
		{
			"the page", func(p *plan.Plan) { p.Sums = map[string]string{"en": "1"} }, "the page was",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, now := made(), made()
			tt.change(&now)
			changed := before.Changed(now)
			if (len(changed) == 0) != (tt.want == "") || tt.want != "" && !strings.Contains(changed[0].Text, tt.want) {
				t.Errorf("changed is %v, want %q", changed, tt.want)
			}
			if same := digest(t, before) == digest(t, now); same != (tt.want == "") {
				t.Errorf("the digests are the same: %t", same)
			}
		})
	}
}

// A step is part of what a person consents to.
func TestDigestHasEverything(t *testing.T) {
	now := made()
	now.Steps[0].Commands = []plan.Command{{Member: "db1", Command: "pg_ctl stop"}}
	if digest(t, made()) == digest(t, now) {
		t.Error("a command more is the same plan")
	}
	text, err := json.Marshal(now)
	if err != nil {
		t.Fatal(err)
	}
	back, err := plan.Read(text)
	if err != nil || digest(t, back) != digest(t, now) {
		t.Errorf("what was written is read as another plan: %v", err)
	}
	if strings.Contains(digest(t, made()), "0 bytes") || made().Facts[1].Value.Text == "" {
		t.Error("the plan itself was changed")
	}
}

// What is no plan is refused.
func TestRead(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"schema": 99}`, `{"schema": 1, "surprise": true}`, "\x00"} {
		if _, err := plan.Read([]byte(text)); err == nil {
			t.Errorf("%q is taken for a plan", text)
		}
	}
}
