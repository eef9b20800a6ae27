package reports

import (
	"strings"

	"drillbook/harness/linear"
	"drillbook/harness/record"
)

// registerResult says in results.json whether the cluster behaved as one copy.
type registerResult struct {
	Verdict  linear.Verdict    `json:"verdict"`
	Reason   linear.Reason     `json:"reason,omitempty"`
	Puts     int               `json:"puts"`
	Gets     int               `json:"gets"`
	Unknown  int               `json:"unknown"`
	Evidence []operationResult `json:"evidence"`
}

type operationResult struct {
	What     string  `json:"what"`
	Value    uint32  `json:"value"`
	Invoked  millis  `json:"invoked_ms"`
	Returned *millis `json:"returned_ms"`
	Member   string  `json:"member,omitempty"`
}

// newRegister is nil if the product keeps no registers.
func newRegister(d Drill) *registerResult {
	r := d.Register
	if r.Verdict == "" || r.Reason == linear.NoOperations {
		return nil
	}
	out := &registerResult{Verdict: r.Verdict, Reason: r.Reason, Puts: r.Puts, Gets: r.Gets, Unknown: r.Unknown}
	out.Evidence = mapped(r.Evidence[:min(len(r.Evidence), maxListed)], func(o linear.Operation) operationResult {
		op := operationResult{What: "get", Value: o.Value, Invoked: millis(o.Invoked)}
		if o.Put {
			op.What = "put"
		}
		if o.Outcome == record.Acked {
			op.Returned = known(o.Returned)
		}
		if n := int(o.Member); n > 0 && n <= len(d.Record.Head.Members) {
			op.Member = d.Record.Head.Members[n-1]
		}
		return op
	})
	return out
}

// register says whether the cluster behaved as one copy.
func (d drafter) register() string {
	r := d.reg
	switch r.Verdict {
	case linear.Linearizable:
		return d.say("register.linearizable", "puts", count(r.Puts), "gets", count(r.Gets))
	case linear.Broken:
		said := make([]string, 0, len(r.Evidence))
		for _, o := range r.Evidence[:min(len(r.Evidence), maxEvidence)] {
			key := "register.got"
			if o.Put {
				key = "register.put"
			}
			said = append(said, d.say(key,
				"n", count(int(o.Value)), "from", moment(o.Invoked), "to", moment(o.Returned)))
		}
		return d.say("register.broken", "evidence", strings.Join(said, " · "))
	case linear.Unchecked:
		return d.say("register.not-checked", "why", d.say("register.why."+string(r.Reason)))
	}
	return d.say("unknown")
}
