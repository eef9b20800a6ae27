package model

import (
	"strings"

	"drillbook/harness/linear"
	"drillbook/reports/words"
)

// register says whether the cluster behaved as one copy.
func (d drafter) register() string {
	r := d.Register
	switch r.Verdict {
	case linear.Linearizable:
		return d.Say("register.linearizable", "puts", count(r.Puts), "gets", count(r.Gets))
	case linear.Broken:
		said := make([]string, 0, len(r.Evidence))
		for _, o := range r.Evidence[:min(len(r.Evidence), maxEvidence)] {
			key := "register.got"
			if o.Put {
				key = "register.put"
			}
			said = append(said, d.Say(key,
				"n", count(int(o.Value)), "from", words.Moment(o.Invoked), "to", words.Moment(o.Returned)))
		}
		return d.Say("register.broken", "evidence", strings.Join(said, " · "))
	case linear.Unchecked:
		return d.Say("register.not-checked", "why", d.Say("register.why."+string(r.Reason)))
	}
	return d.Say("unknown")
}
