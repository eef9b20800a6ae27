package selftest_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/driver"
	"drillbook/harness/measure"
)

// The names of their figures.
const (
	notCaughtUp = "never caught up"
	misplaced   = "not the one that was ordered"
)

// ofMany are what can go wrong only where there are more than two members.
func ofMany() []defect {
	three, five := strings.Split("abc", ""), strings.Split("abcde", "")
	alone := synchronous()
	alone.TakesOver, alone.Far = 300*ms, 400*ms
	unread := func(who string) func(o *outcome) figure {
		return func(o *outcome) figure {
			found := strings.Join(o.Writes.Unread, ", ")
			return figure{notCaughtUp, found, who, found == who}
		}
	}
	cascade := quick()
	cascade.Cascade = map[string]string{"d": "c", "e": "d"}
	return []defect{
		{
			name: "of three, the one that has least takes over by itself", members: three,
			kinds:  map[string]driver.Kind{"c": driver.Asynchronous},
			script: lostOfMany(false), db: alone,
			defects: fake.Defects{TakesLeast: true}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.RPOMissed}, shows: []string{lost},
		},
		{
			name: "of three, another one becomes primary than was ordered", members: three,
			script: lostOfMany(true), db: quick(),
			defects: fake.Defects{PromotesOther: true}, promise: lenient(),
			verdict: measure.Missed, codes: []measure.Code{measure.WrongPrimary}, shows: []string{misplaced},
			did: func(o *outcome) figure {
				n := 0
				for _, why := range o.Reasons {
					n += min(1, strings.Count(why.Detail, "b → c"))
				}
				return counts(misplaced, n, o.truth.Misplaced)
			},
		},
		{
			name: "of three, one goes on following the former primary", members: three,
			script: lostOfMany(true), db: quick(),
			defects: fake.Defects{StaysWithFormer: true}, promise: lenient(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.CopyMissing}, shows: []string{notCaughtUp},
			did: unread("c"),
		},
		{
			name: "of five, a cascade is cut by a takeover", members: five,
			kinds:  map[string]driver.Kind{"d": driver.Asynchronous, "e": driver.DisasterRecovery},
			script: lostOfMany(true), db: cascade,
			defects: fake.Defects{CutsCascade: true}, promise: lenient(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.CopyMissing}, shows: []string{notCaughtUp},
			did: unread("d, e"),
		},
	}
}

// grow gives a drill so many members, of kinds by chance, some of which follow another
// standby.
func (tr trial) grow(r *rand.Rand, n int) trial {
	if n == 2 {
		return tr
	}
	tr.members = strings.Split("abcde"[:n], "")
	tr.kinds, tr.db.Cascade = map[string]driver.Kind{}, map[string]string{}
	if r.IntN(2) == 0 {
		tr.kinds["b"] = driver.Synchronous
	}
	for i, m := range tr.members[2:] {
		tr.kinds[m] = append(driver.Kinds(), "")[r.IntN(5)]
		if up := tr.members[i+1]; r.IntN(3) == 0 && mayFollow(tr.kinds[m], tr.kinds[up]) {
			tr.db.Cascade[m] = up
		}
	}
	if r.IntN(3) == 0 {
		tr.db.Far = upTo(r, 2*time.Second)
	}
	if r.IntN(20) == 0 {
		tr.db.Far = 100 * time.Second // longer than the harness waits for them
	}
	return tr
}

// mayFollow reports whether a standby of one kind may follow one of another. Whoever
// follows one that may be behind may be behind too.
func mayFollow(m, up driver.Kind) bool {
	far := func(k driver.Kind) bool { return k == driver.Asynchronous || k == driver.DisasterRecovery }
	return m != driver.Witness && up != driver.Witness && (far(m) || !far(up))
}

// A good share of the healthy runs have three members, or five, and all kinds occur.
func TestHealthyRunsHaveManyMembers(t *testing.T) {
	sizes, kinds, cascades := map[int]int{}, map[driver.Kind]int{}, 0
	for seed := range uint64(healthyRuns) {
		_, tr := healthy(seed)
		sizes[len(tr.names())]++
		cascades += min(1, len(tr.db.Cascade))
		for _, k := range tr.kinds {
			kinds[k]++
		}
	}
	if sizes[3] < healthyRuns/4 || sizes[5] < healthyRuns/4 || cascades < 10 {
		t.Errorf("runs by members %v, %d with a cascade", sizes, cascades)
	}
	for _, k := range driver.Kinds() {
		if kinds[k] < 10 {
			t.Errorf("%d members are %s", kinds[k], k)
		}
	}
}
