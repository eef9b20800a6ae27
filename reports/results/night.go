package results

import (
	"drillbook/harness/night"
	"drillbook/reports/run"
)

type nightResult struct {
	Night    string          `json:"night"`
	Digest   string          `json:"digest"`
	Cells    []cellResult    `json:"cells"`
	Problems []problemResult `json:"problems"`
	Like     string          `json:"like,omitempty"`
	Changes  []changeResult  `json:"changes"`
}

type cellResult struct {
	night.Cell

	State   night.State  `json:"state"`
	TookMS  int64        `json:"took_ms"`
	Missing night.Reason `json:"missing,omitempty"`
	Shard   string       `json:"shard,omitempty"`
	Turns   []turnResult `json:"turns"`
}

type turnResult struct {
	Drill   string `json:"drill,omitempty"` // its name in drills[]
	Verdict string `json:"verdict,omitempty"`
	Ran     bool   `json:"ran"`
	ToEnd   bool   `json:"to_end"`
	TookMS  int64  `json:"took_ms"`
	Why     string `json:"why,omitempty"`
}

type problemResult struct {
	Code   night.ProblemCode `json:"code"`
	Shard  string            `json:"shard,omitempty"`
	Cell   string            `json:"cell,omitempty"`
	Detail string            `json:"detail,omitempty"`
}

type changeResult struct {
	Cell  string      `json:"cell"`
	Was   night.State `json:"was,omitempty"`
	Is    night.State `json:"is,omitempty"`
	Worse bool        `json:"worse"`
}

func newNight(n *run.Night) *nightResult {
	if n == nil {
		return nil
	}
	return &nightResult{
		Night: n.Night, Digest: n.Digest, Like: n.Like,
		Cells:    mapped(n.Cells, newCell),
		Problems: mapped(n.Problems, func(p night.Problem) problemResult { return problemResult(p) }),
		Changes: mapped(n.Changes, func(c night.Change) changeResult {
			return changeResult{Cell: c.Cell, Was: c.Was, Is: c.Is, Worse: c.Worse}
		}),
	}
}

func newCell(o night.Outcome) cellResult {
	return cellResult{
		Cell: o.Cell, State: o.State, TookMS: o.Took().Milliseconds(), Missing: o.Missing, Shard: o.Shard,
		Turns: mapped(o.Turns, func(t night.Carried) turnResult {
			why := t.Why
			if why == "" && t.Drill == "" {
				why = t.Said
			}
			return turnResult{t.Drill, string(t.Verdict), t.Ran, t.ToEnd, t.TookMS, why}
		}),
	}
}
