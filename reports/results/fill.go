package results

import (
	"math"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/words"
)

func newDrill(d run.Drill) drillResult {
	h, r, english := d.Record.Head, d.Result, words.In("en")
	out := drillResult{
		Name:       d.Name,
		Run:        h.Run,
		Runbook:    h.Runbook,
		Title:      h.Title,
		Source:     h.Source,
		Product:    h.Product,
		System:     h.System,
		StandIn:    h.StandIn,
		Host:       h.Host,
		Published:  h.Published,
		Machine:    h.Machine,
		Harness:    h.Harness,
		Seed:       h.Seed,
		Trial:      h.Trial,
		Trials:     h.Trials,
		Params:     present(h.Params),
		Members:    list(h.Members),
		Kinds:      h.Kinds,
		Versions:   map[string]string{},
		Began:      h.Began,
		TookMS:     millis(r.Took),
		ReadyMS:    unlessZero(r.Ready),
		Watched:    newWatched(h.Watched),
		Promise:    newPromise(h.Promise),
		Settings:   settingsResult{millis(h.Settings.Settle), millis(h.Settings.Baseline)},
		Verdict:    r.Verdict,
		Reasons:    mapped(r.Reasons, func(why measure.Reason) reasonResult { return newReason(why, english) }),
		Downtime:   newDowntime(r.Downtime, d.ToEnd(), d.TriedWrites()),
		Steps:      mapped(r.Steps, func(s measure.Step) stepResult { return newStep(s, d.TriedWrites()) }),
		Outages:    mapped(r.Outages, func(o measure.Outage) outageResult { return newOutage(o, h.Streams) }),
		Phases:     newPhases(r.Phases),
		Writes:     newWrites(d),
		SplitBrain: newSplit(d),
		Saved:      newSaved(d),
		Figures:    mapped(r.Figures, newFigure),
		Lag:        mapped(r.Lags, newLag),
		Checks:     newChecks(d.Record),
		Stale:      newStale(d),
		Reads:      newReads(d),
		Register:   newRegister(d),
		Faults:     mapped(r.Faults, newFault),
		Probe:      newProbe(d),
		Streams:    mapped(r.Streams, newStream),
		Roles:      mapped(r.Lanes, newLane),

		Auxiliaries: mapped(r.Auxiliaries, newAuxiliary),
	}
	if t := d.Record.Tail; t != nil {
		out.Complete, out.Interrupted, out.Error, out.Versions = true, t.Interrupted, t.Err, present(t.Versions)
	}
	return out
}

func newReason(r measure.Reason, w words.Words) reasonResult {
	return reasonResult{
		Verdict: r.Verdict, Code: r.Code, Sentence: w.Sentence(r), Step: r.Step, Detail: r.Detail, Line: r.Line,
		Blame: r.Blame,
	}
}

func newBracket(b measure.Bracket, open bool) bracketResult {
	if open {
		return bracketResult{Least: millis(b.Least)}
	}
	return bracketResult{Least: millis(b.Least), Most: known(b.Most)}
}

// newDowntime is nil if no client tried to write. If what was measured was cut
// short there is no telling what would have come, and so no most.
func newDowntime(t measure.Downtime, toEnd, tried bool) *downtimeResult {
	if !tried {
		return nil
	}
	return &downtimeResult{
		Count: t.Count, bracketResult: newBracket(t.Total, t.Open || !toEnd),
		Longest: newBracket(t.Longest.Bracket, t.Open || !toEnd), Open: t.Open,
	}
}

func newStep(s measure.Step, tried bool) stepResult {
	out := stepResult{
		Number: s.Number, Title: s.Title, Comment: s.Comment, Planned: (*millis)(s.Planned),
		Outcome: s.Outcome, Error: s.Err, Blame: s.Blame, Needless: s.Needless,
		Expected: newExpected(s.Expected), Blank: s.Blank,
		Rows: mapped(s.Answers, func(r measure.Row) rowResult { return rowResult{r.Title, r.Comment, r.Outcome} }),
	}
	if s.Group != nil {
		out.Group = &groupResult{s.Group.Title, s.Group.Comment}
	}
	if s.Outcome == measure.Skipped {
		return out
	}
	out.FromMS, out.TookMS = known(s.From), known(s.Took)
	out.Downtime = newDowntime(s.Downtime, s.Outcome != measure.Interrupted, tried)
	if out.Downtime != nil {
		out.Downtime.Allowed, out.Downtime.Verdict = when(s.Allowed), s.Verdict
	}
	return out
}

func newOutage(o measure.Outage, streams []record.Stream) outageResult {
	out := outageResult{
		FromMS: millis(o.From), ToMS: known(o.To), bracketResult: newBracket(o.Bracket, o.Open),
		Open: o.Open, Failed: o.Failed, Relapses: o.Relapses, Unmeasured: o.Unmeasured,
	}
	if o.Stream < len(streams) {
		out.Stream, out.Kind = streams[o.Stream].Name, streams[o.Stream].Kind
	}
	if o.Open {
		out.ToMS = nil
	}
	if o.Step > 0 {
		out.Step = &o.Step
	}
	return out
}

func newPhases(p measure.Phases) *phasesResult {
	if p.Zero == 0 {
		return nil
	}
	return &phasesResult{
		millis(p.Zero), when(p.FirstError), when(p.Decided), p.Observed, when(p.Writable), when(p.Served),
	}
}

func newWrites(d run.Drill) writesResult {
	w := d.Result.Writes
	tokens := func(ts []measure.Token) []tokenResult {
		return mapped(ts[:min(len(ts), maxListed)],
			func(t measure.Token) tokenResult { return newToken(d, t) })
	}
	out := writesResult{
		countsResult: countsResult{w.Acked, w.Refused, w.Unknown}, Direct: countsResult(w.Direct),
		Counted: w.Counted, Authority: w.Authority, Unread: list(w.Unread),
		Behind: mapped(w.Behind, func(b measure.Behind) behind { return behind(b) }),
		Tokens: tokensResult{tokens(w.Lost), tokens(w.Phantom), tokens(w.Duplicated), tokens(w.Diverged)},
	}
	if !w.Counted {
		return out
	}
	number := func(n int) *int { return &n }
	out.AppliedUnknown, out.Lost, out.Phantom = &w.AppliedUnknown, number(len(w.Lost)), number(len(w.Phantom))
	out.Duplicated, out.Diverged = number(len(w.Duplicated)), number(len(w.Diverged))
	out.Unsaved = number(d.Result.Unsaved)
	if len(w.Lost) > 0 {
		out.OldestLost = known(w.OldestLost)
	}
	return out
}

func newToken(d run.Drill, t measure.Token) tokenResult {
	out := tokenResult{Token: d.Token(t), Member: t.Member, At: unlessZero(t.At)}
	if t.Stream < len(d.Record.Head.Streams) {
		out.Stream = d.Record.Head.Streams[t.Stream].Name
	}
	if t.Epoch > 0 {
		out.Epoch = &t.Epoch
	}
	return out
}

func newSplit(d run.Drill) splitResult {
	s := d.Result.Split
	out := splitResult{Proved: s.Proved, Tokens: []tokenResult{}, RoleOverlap: millis(s.RoleOverlap)}
	if s.Proved {
		out.Tokens = []tokenResult{newToken(d, s.First), newToken(d, s.Second)}
		out.Overlap = known(s.Overlap)
	}
	return out
}

// newStale is nil if nothing was read, because then nothing is known.
func newReads(d run.Drill) []readsResult {
	return mapped(d.Result.Reads, func(r measure.Reads) readsResult {
		out := readsResult{
			FromMS: millis(r.From), ToMS: millis(r.To), Outage: r.Out,
			By: map[string]int{}, Unnamed: r.Unnamed, Failed: r.Failed,
		}
		if r.Step > 0 {
			out.Step = &r.Step
		}
		for i, n := range r.By {
			out.By[d.Record.Head.Members[i]] = n
		}
		return out
	})
}

func newStale(d run.Drill) *staleResult {
	if !d.Answered(record.Reading) {
		return nil
	}
	return &staleResult{d.Result.Stale.Count, millis(d.Result.Stale.Oldest)}
}

func newFault(f measure.Fault) faultResult {
	return faultResult{
		What: f.What, Mechanism: f.Mechanism, Injected: unlessZero(f.Injected), Confirmed: when(f.Confirmed),
		ConfirmedBy: f.ConfirmedBy, HeldBy: f.HeldBy, Lapsed: f.Lapsed, Healed: when(f.Healed), HealedBy: f.HealedBy,
		Error: f.Err,
	}
}

func newProbe(d run.Drill) probeResult {
	var out probeResult
	r := d.Result
	if d.TriedWrites() {
		rate := 0.0
		for _, s := range r.Streams {
			if s.Kind == record.Write && s.Member == "" {
				rate += s.Rate
			}
		}
		rate = tenth(rate)
		out.Rate, out.Error = &rate, known(r.Error)
	}
	out.Calibration = make([]calibrationResult, 0, len(r.Calibrations))
	for _, c := range r.Calibrations {
		out.Calibration = append(out.Calibration, calibrationResult{
			How: c.How, Truth: millis(c.Truth), Least: millis(c.Least), Most: millis(c.Most), Seen: !c.Unseen,
		})
	}
	out.Stalls, out.Stalled, out.Disturbed = len(r.Stalls), millis(r.StoodStill()), r.Disturbed()
	return out
}

// tenth rounds a rate to what it is worth.
func tenth(x float64) float64 { return math.Round(x*10) / 10 }

func newStream(s measure.Stream) streamResult {
	out := streamResult{
		Name: s.Name, Kind: s.Kind, Member: s.Member, Interval: millis(s.Interval),
		Connect: millis(s.Connect), Reply: millis(s.Reply), Sessions: s.Sessions,
		Rate: tenth(s.Rate), countsResult: countsResult(s.Counts),
		Healthy: unlessZero(s.Healthy), Lateness: millis(s.Lateness),
	}
	if s.Acked > 0 {
		out.P50, out.P99, out.Max = known(s.P50), known(s.P99), known(s.Max)
	}
	return out
}

func newLane(l measure.Lane) laneResult {
	return laneResult{l.Member, mapped(l.Roles, func(s measure.RoleSpan) roleResult {
		return roleResult{s.Role, millis(s.From), millis(s.To)}
	})}
}

func newAuxiliary(a measure.Auxiliary) auxiliaryResult {
	return auxiliaryResult{a.Name, a.Duty, a.Redundant, mapped(a.States, func(s measure.StateSpan) stateResult {
		return stateResult{s.State, millis(s.From), millis(s.To), s.Fault}
	})}
}

func newSummary(s run.Trials) summaryResult {
	h := s.Head()
	out := summaryResult{
		Runbook: h.Runbook, Product: h.Product, Host: h.Host, StandIn: h.StandIn, Params: present(h.Params),
		Published: h.Published,
		Promise:   newPromise(h.Promise),
		Verdict:   s.Verdict, Trials: s.Count,
		Met: s.Met, Missed: s.Missed, Unmeasurable: s.Unmeasurable, Kept: floor(s.Kept, 4),
		Measured: s.Measured, Open: s.Open, Counted: s.Counted, LostLeast: s.Lost,
		Downtime: newRanks(s.Ranks), Expected: mapped(s.Expected, newExpectedTrials),
	}
	if m := s.Median; m.Coverage > 0 {
		out.Median = &medianResult{newBracket(m.Bracket, m.Open), floor(m.Coverage, 4)}
	}
	if s.Whole() {
		out.Lost = &s.Lost
	}
	return out
}

// newRanks holds nothing if nothing was measured.
func newRanks(r measure.Ranks) rankResult {
	if r.Measured == 0 {
		return rankResult{}
	}
	return rankResult{
		P50: newMost(r.P50), P95: newMost(r.P95), Max: newMost(r.Max),
		P50Least: known(r.P50.Least), P95Least: known(r.P95.Least), MaxLeast: known(r.Max.Least),
	}
}

func newMost(r measure.Range) *millis { return newBracket(r.Bracket, r.Open).Most }

// floor cuts a probability off behind some digits, so that it never promises
// more than there is.
func floor(p float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Floor(p*scale) / scale
}

// mapped applies f to every element, and makes an empty list, not null, of
// none.
func mapped[A, B any](from []A, f func(A) B) []B {
	to := make([]B, len(from))
	for i, a := range from {
		to[i] = f(a)
	}
	return to
}

func list(names []string) []string { return append([]string{}, names...) }

// present makes an empty object, not null, of no entries.
func present(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
