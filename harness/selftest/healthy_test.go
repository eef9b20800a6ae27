package selftest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// upTo is a time by chance.
func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d) + 1)) }

// healthy is a drill on a database without a defect, all else by chance.
func healthy(seed uint64) (name string, tr trial) {
	r := rand.New(rand.NewPCG(seed, 7))
	db := fake.Config{
		Latency: upTo(r, 10*ms), Jitter: upTo(r, 5*ms), Delay: upTo(r, 20*ms), Promotion: upTo(r, 300*ms),
		Synchronous: r.IntN(2) == 0, Epochless: r.IntN(3) == 0, Seed: seed,
	}
	kind := "quick answers"
	switch r.IntN(3) {
	case 0:
		kind = "slow answers"
		db.Latency = 20*ms + upTo(r, 60*ms)
	case 1:
		kind = "small stalls"
		db.PauseEvery, db.PauseFor = 100*ms+upTo(r, time.Second), ms+upTo(r, 5*ms)
	}
	// The probe opens four sessions at a time. Clients that need more of them at
	// once would be the cause of some of what they suffer.
	takes := db.Latency + db.Jitter
	if db.Synchronous {
		takes += db.Delay
	}
	rate := min(50+r.Float64()*400, 3/takes.Seconds())
	warm, decide := upTo(r, 2*time.Second), upTo(r, 1500*ms)
	tr = trial{
		db: db, probe: drill.Probe{Writes: rate},
		promise: record.Promise{RTO: 5 * time.Second, RPO: 1 << 20},
	}
	script := "lost primary"
	switch r.IntN(7) {
	case 0:
		tr.script = lostPrimary(warm, decide, upTo(r, time.Second))
	case 1:
		script, tr.script = "switchover", switchover(warm, r.IntN(2) == 0)
	case 2:
		script, tr.script = "frozen", frozen(warm, decide)
	case 3:
		script, tr.script = "partition", partition(warm, decide, time.Second)
		tr.db.Synchronous = false // commits would hang until the takeover
	case 4:
		script, tr.script = "taken over", takenOver(warm, decide, upTo(r, time.Second))
	case 5:
		script, tr.script = "restart", restart(warm, decide)
		tr.db.Defects.StartsByItself = true // as it should, where nobody takes over
	case 6:
		script, tr.script = "crash", crash(warm, decide)
		tr.db.Restarts = ms + upTo(r, 500*ms) // whoever was quicker, it or healing
	}
	if tr.db.Synchronous {
		tr.promise.RPO = 0
	}
	of := rand.New(rand.NewPCG(seed, 8))
	tr = tr.grow(of, []int{2, 3, 5}[of.IntN(3)])
	return fmt.Sprintf("%d %s, %s, %d members", seed, script, kind, len(tr.names())), tr
}

// alarm says what is raised that should not be; empty if nothing is.
func (o *outcome) alarm() string {
	var wrong []string
	if o.Verdict != measure.Met || len(o.Reasons) > 0 {
		wrong = append(wrong, fmt.Sprintf("verdict %s: %+v", o.Verdict, o.Reasons))
	}
	for _, f := range o.figures() {
		if !f.right {
			wrong = append(wrong, f.String())
		}
	}
	return strings.Join(wrong, "; ")
}
