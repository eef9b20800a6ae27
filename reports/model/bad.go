package model

import (
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// badAnswers are the acknowledged attempts that something is wrong with.
type badAnswers struct{ lost, stale map[attemptKey]bool }

// attemptKey is an attempt by its stream and its number.
type attemptKey struct {
	stream uint8
	seq    uint32
}

func keyOf(a *record.Attempt) attemptKey { return attemptKey{a.Stream, a.Seq} }

func badAnswersOf(r measure.Result) badAnswers {
	return badAnswers{keys(r.Writes.Lost), keys(r.Stale.Reads)}
}

// keys is nil if there are none, so that looking one up costs nothing.
func keys(tokens []measure.Token) map[attemptKey]bool {
	if len(tokens) == 0 {
		return nil
	}
	all := make(map[attemptKey]bool, len(tokens))
	for _, t := range tokens {
		all[attemptKey{uint8(t.Stream), t.Seq}] = true //nolint:gosec // a record has at most 256 streams
	}
	return all
}

// firstAttempt is when the first attempt was to leave; 0 if there is none.
func firstAttempt(rec *record.Record) time.Duration {
	if len(rec.Attempts) == 0 {
		return 0
	}
	first := rec.Attempts[0].Intended
	for i := range rec.Attempts {
		first = min(first, rec.Attempts[i].Intended)
	}
	return max(first, 0)
}
