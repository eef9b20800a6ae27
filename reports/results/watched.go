package results

import "drillbook/harness/record"

// watchedResult says that people acted, and drillbook only measured.
type watchedResult struct {
	By       string `json:"by"`
	Login    string `json:"login"`
	ReadOnly bool   `json:"read_only"`
}

func newWatched(w *record.Watched) *watchedResult {
	if w == nil {
		return nil
	}
	return &watchedResult{w.By, w.Login, w.ReadOnly}
}

func newPromise(p record.Promise) promiseResult {
	out := promiseResult{SplitBrain: p.SplitBrain}
	if !p.NoRTO {
		out.RTO = known(p.RTO)
	}
	if !p.NoRPO {
		out.RPO = &p.RPO
	}
	return out
}
