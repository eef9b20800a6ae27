package results

import (
	"slices"

	"drillbook/harness/linear"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
)

// What stands beside outages and writes: what steps measured and checks found,
// what was saved, the register, and what the cluster's settings make of an outage.

type figureResult struct {
	Name   string  `json:"name"`
	Step   int     `json:"step"`
	Member string  `json:"member,omitempty"`
	At     millis  `json:"at_ms"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
}

func newFigure(f measure.Figure) figureResult {
	return figureResult{f.Name, f.Step, f.Member, millis(f.At), f.Value, f.Unit}
}

type lagResult struct {
	Member  string `json:"member"`
	Samples int    `json:"samples"`
	From    millis `json:"from_ms"`
	To      millis `json:"to_ms"`
	Median  int64  `json:"median_bytes"`
	Most    int64  `json:"most_bytes"`
	MostAt  millis `json:"most_at_ms"`
}

func newLag(l measure.Lag) lagResult {
	return lagResult{l.Member, l.Samples, millis(l.From), millis(l.To), l.Median, l.Most, millis(l.MostAt)}
}

type checkResult struct {
	Step   int    `json:"step"`
	Row    int    `json:"row,omitempty"`
	At     millis `json:"at_ms"`
	Member string `json:"member,omitempty"`
	What   string `json:"what"`
	Found  string `json:"found"`
	Error  string `json:"error,omitempty"`
	Unseen bool   `json:"unseen,omitempty"`
}

// newChecks are the findings, as they were recorded.
func newChecks(rec *record.Record) []checkResult {
	checks := []checkResult{}
	for _, e := range rec.Events {
		if e.Kind == record.Finding {
			checks = append(checks,
				checkResult{e.Step, e.Row, millis(e.At), e.Member, e.What, e.Answer, e.Err, e.Unseen})
		}
	}
	return checks
}

type savedResult struct {
	File    string         `json:"file"`
	Member  string         `json:"member"`
	At      millis         `json:"at_ms"`
	Bytes   int64          `json:"bytes"`
	SHA256  string         `json:"sha256"`
	Rows    int            `json:"rows"`
	Tables  map[string]int `json:"tables"`
	Tokens  int            `json:"tokens"`
	Acked   int            `json:"acked"`
	Unknown int            `json:"unknown"`
	Lost    *int           `json:"lost"`
}

func newSaved(d run.Drill) []savedResult {
	return mapped(slices.Clone(d.Result.Saved), func(f measure.Saved) savedResult {
		out := savedResult{
			File: f.File, Member: f.Member, At: millis(f.At), Bytes: f.Bytes, SHA256: f.SHA256,
			Rows: f.Rows, Tables: f.Tables, Tokens: f.Tokens, Acked: f.Acked, Unknown: f.Unknown,
		}
		if out.Tables == nil {
			out.Tables = map[string]int{}
		}
		if d.Result.Writes.Counted {
			out.Lost = &f.Lost
		}
		return out
	})
}

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
func newRegister(d run.Drill) *registerResult {
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

type expectedResult struct {
	Event string `json:"event"`
	Most  millis `json:"most_ms"`
	Sum   string `json:"sum"`
}

func newExpected(e *measure.Expected) *expectedResult {
	if e == nil {
		return nil
	}
	return &expectedResult{e.Event, millis(e.Most), e.Sum}
}

type expectedTrialsResult struct {
	Step int `json:"step"`
	expectedResult
	Measured int        `json:"measured"`
	Open     int        `json:"open"`
	Downtime rankResult `json:"downtime_ms"`
}

func newExpectedTrials(e run.ExpectedStep) expectedTrialsResult {
	return expectedTrialsResult{
		Step: e.Number, expectedResult: *newExpected(e.Expected), Measured: e.Ranks.Measured, Open: e.Ranks.Open,
		Downtime: newRanks(e.Ranks),
	}
}
