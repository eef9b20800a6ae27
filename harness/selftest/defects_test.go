package selftest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// defect is something wrong that must be caught.
type defect struct {
	name    string
	script  script
	db      fake.Config
	defects fake.Defects
	keep    fake.Defects // of the healthy database that it is compared with
	probe   drill.Probe
	members []string // a and b if there are none
	kinds   map[string]driver.Kind
	promise record.Promise
	verdict measure.Verdict
	codes   []measure.Code // of all reasons
	shows   []string       // figures that the table shows
	// did, if set, says what else must be so: what the defect did by the
	// database's own count.
	did func(o *outcome) figure
}

// trial is the drill with the defect, or without it.
func (d defect) trial(on bool) trial {
	d.db.Defects = d.keep
	if on {
		d.db.Defects = d.defects
	}
	return trial{
		db: d.db, probe: d.probe, promise: d.promise, script: d.script, members: d.members, kinds: d.kinds,
	}
}

// caught reports whether the outcome is what the defect must lead to.
func (d defect) caught(o *outcome) bool {
	return o.Verdict == d.verdict && slices.Equal(codes(o.Reasons), sorted(d.codes)) &&
		!slices.ContainsFunc(d.figures(o), func(f figure) bool { return !f.right })
}

func (d defect) figures(o *outcome) []figure {
	all := o.figures()
	if d.did != nil {
		all = append(all, d.did(o))
	}
	return all
}

func says(v measure.Verdict, all []measure.Code) string {
	words := make([]string, 0, len(all))
	for _, c := range all {
		words = append(words, string(c))
	}
	return strings.TrimSuffix(fmt.Sprintf("%s: %s", v, strings.Join(words, ", ")), ": ")
}

// row is what became of a defect.
func (d defect) row(o *outcome) row {
	r := row{
		defect: d.name, expected: says(d.verdict, sorted(d.codes)), found: says(o.Verdict, codes(o.Reasons)),
		caught: d.caught(o),
	}
	for _, f := range d.figures(o) {
		again := slices.ContainsFunc(r.figures, func(have figure) bool { return have.name == f.name })
		if !f.right || slices.Contains(d.shows, f.name) && !again {
			r.figures = append(r.figures, f)
		}
	}
	return r
}

// quick is a database that is well.
func quick() fake.Config {
	return fake.Config{Latency: 2 * ms, Delay: 5 * ms, Promotion: 30 * ms}
}

func synchronous() fake.Config {
	db := quick()
	db.Synchronous = true
	return db
}

func delayed(by time.Duration) fake.Config {
	db := quick()
	db.Delay = by
	return db
}

func epochless() fake.Config {
	db := quick()
	db.Epochless = true
	return db
}

const (
	warm   = 300 * ms
	decide = 200 * ms
)

// strict: nothing may be lost, and an outage of a second is too long.
func strict() record.Promise { return record.Promise{RTO: time.Second} }

// lenient lets any number of writes be lost.
func lenient() record.Promise { return record.Promise{RTO: time.Second, RPO: 1 << 20} }

// dropped says how many acknowledged writes the defect threw away, where
// nothing else loses any.
func dropped(o *outcome) figure { return counts("thrown away", len(o.Writes.Lost), o.truth.Dropped) }

func defects() []defect {
	return slices.Concat(ofWrites(), ofSplits(), ofCopies(), ofOutages(), ofClaims(), ofFaults(), ofLapses(),
		ofMany())
}

func ofWrites() []defect {
	return []defect{
		{
			name: "loses acknowledged writes, by chance", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{LosesByChance: 0.02}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.RPOMissed}, shows: []string{lost}, did: dropped,
		},
		{
			name: "loses its last rows as it is promoted", script: lostPrimary(warm, decide, 0), db: synchronous(),
			defects: fake.Defects{LosesOnPromotion: 50}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.RPOMissed}, shows: []string{lost}, did: dropped,
		},
		{
			name: "loses its last rows as its host boots", script: restart(warm, decide), db: quick(),
			defects: fake.Defects{StartsByItself: true, LosesOnBoot: 20}, keep: fake.Defects{StartsByItself: true},
			promise: strict(), verdict: measure.Missed,
			codes: []measure.Code{measure.RPOMissed, measure.DivergedCopies},
			shows: []string{lost, diverged}, did: dropped,
		},
		{
			name: "switches over before the standby has everything", script: switchover(warm, false),
			db: delayed(100 * ms), defects: fake.Defects{SwitchesEarly: true}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.RPOMissed}, shows: []string{lost},
		},
		{
			name: "acknowledges 200 ms before it stores", script: lostPrimary(warm, decide, 0), db: synchronous(),
			defects: fake.Defects{StoresLate: 200 * ms}, promise: strict(), verdict: measure.Missed,
			codes: []measure.Code{measure.RPOMissed, measure.StaleReads}, shows: []string{lost, stale, age},
		},
		{
			name: "stores a write twice", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{StoresTwice: 100}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.DuplicateWrites}, shows: []string{duplicated},
		},
		{
			name: "stores writes that it refused", script: lostPrimary(warm, decide, 0), db: synchronous(),
			defects: fake.Defects{StoresRefused: 5}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.PhantomWrites}, shows: []string{phantom},
		},
	}
}

func ofSplits() []defect {
	split := defect{
		script: partition(warm, decide, 500*ms), db: quick(), promise: lenient(), verdict: measure.Missed,
		codes: []measure.Code{measure.SplitBrain}, shows: []string{doubleAcks, lost},
	}
	both, same, none, thawed, booted := split, split, split, split, split
	both.name, both.defects = "acknowledges on both sides of a cut", fake.Defects{KeepsWriting: true}
	same.name, same.defects = "the same, in one epoch", fake.Defects{KeepsWriting: true, KeepsEpoch: true}
	none.name, none.defects, none.db = "the same, without epochs", fake.Defects{KeepsWriting: true}, epochless()
	thawed.name, thawed.defects = "takes writes again once it thaws", fake.Defects{KeepsWriting: true}
	thawed.script = takenOver(warm, decide, 500*ms)
	thawed.codes = []measure.Code{measure.SplitBrain, measure.StaleReads}
	booted.name, booted.defects = "comes up as primary once its host is back", fake.Defects{StartsByItself: true}
	booted.script, booted.db = lostPrimary(warm, decide, 500*ms), synchronous()
	return []defect{both, same, none, thawed, booted}
}

func ofCopies() []defect {
	return []defect{
		{
			name: "reads do not show the last 3 rows", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{StaleBy: 3}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.StaleReads}, shows: []string{stale, age},
		},
		{
			name: "a deposed primary goes on answering reads", script: partition(warm, decide, 500*ms), db: quick(),
			defects: fake.Defects{KeepsReading: true}, promise: lenient(),
			verdict: measure.Missed, codes: []measure.Code{measure.StaleReads}, shows: []string{stale, age},
		},
		{
			name: "a standby leaves out rows", script: frozen(warm, decide), db: quick(),
			defects: fake.Defects{SkipsEvery: 97}, promise: strict(),
			verdict: measure.Missed, codes: []measure.Code{measure.DivergedCopies}, shows: []string{diverged},
		},
		{
			name: "keeps, as it rejoins, what it should undo", script: lostPrimary(warm, decide, 0),
			db: delayed(50 * ms), defects: fake.Defects{KeepsOnRejoin: true}, promise: lenient(),
			verdict: measure.Missed, codes: []measure.Code{measure.DivergedCopies}, shows: []string{diverged, lost},
		},
		{
			name: "the standby cannot be read back", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{Unreadable: driver.Standby}, promise: strict(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.CopyMissing},
		},
		{
			name: "the primary cannot be read back", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{Unreadable: driver.Primary}, promise: strict(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.RPOUnknown},
		},
	}
}

func ofOutages() []defect {
	const flaps = 3
	return []defect{
		{
			name: "promotes slowly", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{PromotesLate: 3 * time.Second}, promise: lenient(),
			verdict: measure.Missed, codes: []measure.Code{measure.RTOMissed}, shows: []string{outage},
		},
		{
			name: "says primary and refuses writes", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{RefusesOncePromoted: true}, promise: lenient(), verdict: measure.Missed,
			codes: []measure.Code{measure.RTOMissed, measure.StepFailed, measure.CopyMissing}, shows: []string{outage},
		},
		{
			name: "never recovers", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{NeverRecovers: true}, promise: lenient(), verdict: measure.Missed,
			codes: []measure.Code{measure.RTOMissed, measure.StepFailed, measure.RPOUnknown}, shows: []string{outage},
		},
		{
			name: "recovers, then flaps", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{Flaps: fake.Flaps{Times: flaps, Up: 600 * ms, Down: 200 * ms}}, promise: lenient(),
			verdict: measure.Missed, codes: []measure.Code{measure.RTOMissed}, shows: []string{outage, relapses},
			did: func(o *outcome) figure { return counts(relapses, o.Downtime.Main.Relapses, flaps) },
		},
		{
			name: "answers late: a brown-out", script: staying(switchover(warm, false), 4*time.Second), db: quick(),
			defects: fake.Defects{Slow: fake.Slow{By: 120 * ms, For: 3 * time.Second}}, promise: strict(),
			probe:   drill.Probe{Writes: 25},
			verdict: measure.Missed, codes: []measure.Code{measure.BrownOut}, shows: []string{brownout},
		},
	}
}

func ofClaims() []defect {
	jumps := func(name string, by time.Duration) defect {
		return defect{
			name: name, script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{ClockJumps: by}, promise: lenient(),
			verdict: measure.Met, shows: []string{outage, stamps},
			did: func(o *outcome) figure {
				s := o.truth.Stamps
				return figure{stamps, "not used", length(s), s > by.Abs()-time.Minute}
			},
		}
	}
	return []defect{
		{
			name: "standbys say primary, always", script: switchover(warm, false), db: quick(),
			defects: fake.Defects{SaysPrimary: true}, promise: strict(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.Failure, measure.NoWrites, measure.RPOUnknown, measure.StepUndone},
		},
		{
			name: "a former primary says primary", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{SaysPrimaryAfterwards: true}, promise: lenient(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.RPOUnknown}, shows: []string{claims},
		},
		{
			name: "a promoted member says standby", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{SaysStandbyOncePromoted: true}, promise: lenient(), verdict: measure.Missed,
			codes: []measure.Code{measure.RTOMissed, measure.StepFailed, measure.RPOUnknown}, shows: []string{outage},
		},
		jumps("a member's clock is an hour ahead", time.Hour),
		jumps("a member's clock is an hour behind", -time.Hour),
	}
}

// ofLapses are faults that end before they are healed. All of them are states.
func ofLapses() []defect {
	lapse := func(name string, s script) defect {
		return defect{
			name: name, script: s, db: quick(), defects: fake.Defects{FaultsLapse: 150 * ms}, promise: lenient(),
			verdict: measure.Unmeasurable, codes: []measure.Code{measure.FaultLapsed},
		}
	}
	back := lapse("a lost host comes back by itself", restart(warm, 500*ms))
	back.keep, back.defects.StartsByItself = fake.Defects{StartsByItself: true}, true
	lease := lapse("a lease lapses during the drill", partition(warm, decide, 500*ms))
	lease.defects = fake.Defects{LeasesEnd: 150 * ms}
	return []defect{
		lease,
		lapse("a cut ends by itself", partition(warm, decide, 500*ms)),
		lapse("a frozen member thaws by itself", frozen(warm, 500*ms)),
		back,
	}
}

func ofFaults() []defect {
	return []defect{
		{
			name: "a kill does not take hold", script: lostPrimary(warm, decide, 0), db: quick(),
			defects: fake.Defects{FaultsDoNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.FaultNotHeld, measure.StepFailed},
		},
		{
			name: "a freeze does not take hold", script: frozen(warm, decide), db: quick(),
			defects: fake.Defects{FaultsDoNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.FaultNotHeld, measure.StepFailed},
		},
		{
			name: "a cut does not take hold", script: partition(warm, decide, 500*ms), db: quick(),
			defects: fake.Defects{FaultsDoNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.FaultNotHeld, measure.StepFailed},
		},
		{
			name: "thawing does nothing", script: frozen(warm, decide), db: quick(),
			defects: fake.Defects{HealDoesNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.NotHealed, measure.RTOOpen, measure.StepFailed, measure.RPOUnknown},
			shows: []string{outage},
		},
		{
			name: "an undo does nothing", script: partition(warm, decide, 500*ms), db: quick(),
			defects: fake.Defects{UndoDoesNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.StepFailed, measure.CopyMissing},
		},
		{
			name: "mending a cut does nothing", script: partition(warm, decide, 500*ms), db: quick(),
			defects: fake.Defects{HealDoesNothing: true}, promise: lenient(), verdict: measure.Unmeasurable,
			codes: []measure.Code{measure.NotHealed, measure.StepFailed, measure.CopyMissing},
		},
	}
}
