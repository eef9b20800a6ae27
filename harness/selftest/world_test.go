package selftest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/record"
)

// world is a drill by chance, and what is done in it, for people.
type world struct {
	trial

	story *[]string // filled in as the drill goes
}

// within is how long a session may take to open: clients that try one member after
// the other reach the last of three only then.
const within = 50 * ms

// newWorld makes the world of a seed: a database with any number of defects, a
// probe, and things that are done to it one after the other.
func newWorld(seed uint64) world {
	r := rand.New(rand.NewPCG(seed, 11))
	db := fake.Config{
		Latency: upTo(r, 10*ms), Jitter: upTo(r, 10*ms), Delay: upTo(r, 20*ms), Promotion: upTo(r, 200*ms),
		Synchronous: r.IntN(3) == 0, Epochless: r.IntN(4) == 0, Seed: seed,
	}
	if r.IntN(4) == 0 {
		db.Jitter = 10*ms + upTo(r, 25*ms) // answers overtake each other
	}
	if r.IntN(4) == 0 {
		db.Opening = upTo(r, within-db.Latency-db.Jitter)
	}
	if r.IntN(6) == 0 {
		db.ReadsBack = upTo(r, 4*time.Second)
	}
	if r.IntN(3) > 0 {
		db.Defects = someDefects(r)
	}
	many := r.IntN(4) == 0
	takes := db.Latency + db.Jitter + db.Defects.Slow.By // see healthy
	if db.Synchronous {
		takes += db.Delay
	}
	w := world{story: new([]string), trial: trial{
		db: db,
		probe: drill.Probe{
			Writes: min(50+r.Float64()*150, 3/takes.Seconds()), Reads: 5 + r.Float64()*15, Connects: 4,
			Direct: 4 + r.Float64()*8, Registers: 2,
		},
		promise:     record.Promise{RTO: 300*ms + upTo(r, 3*time.Second), RPO: []int{0, 0, 3, 1 << 20}[r.IntN(4)]},
		interrupted: r.IntN(12) == 0, tolerance: loose(db),
	}}
	if of := rand.New(rand.NewPCG(seed, 12)); many {
		w.trial = w.grow(of, []int{3, 5}[of.IntN(2)])
		switch of.IntN(8) {
		case 0:
			w.db.Defects.PromotesOther = true
		case 1:
			w.db.Defects.StaysWithFormer = true
		case 2:
			w.db.Defects.CutsCascade = true
		}
	}
	w.script = w.acts(r)
	return w
}

// someDefects are one or two of all.
func someDefects(r *rand.Rand) fake.Defects {
	var d fake.Defects
	for range 1 + r.IntN(2) {
		switch r.IntN(20) {
		case 0:
			d.LosesByChance = r.Float64() * 0.05
		case 1:
			d.StoresTwice = 10 + r.IntN(100)
		case 2:
			d.StoresRefused = 1 + r.IntN(5)
		case 3:
			d.LosesOnPromotion = 1 + r.IntN(20)
		case 4:
			d.PromotesLate = upTo(r, 2*time.Second)
		case 5:
			d.Flaps = fake.Flaps{Times: 1 + r.IntN(6), Up: 20*ms + upTo(r, 900*ms), Down: 20*ms + upTo(r, 900*ms)}
		case 6:
			d.Slow = fake.Slow{By: 50*ms + upTo(r, 400*ms), For: 100*ms + upTo(r, 3*time.Second)}
		case 7:
			d.SwitchesEarly = true
		case 8:
			d.KeepsWriting = true
		case 9:
			d.KeepsReading = true
		case 10:
			d.KeepsOnRejoin = true
		case 11:
			d.StartsByItself = true
		case 12:
			d.StaleBy = 1 + r.IntN(3)
		case 13, 14:
			d.SkipsEvery = 20 + r.IntN(200)
		case 15:
			d.Unreadable = []driver.Role{driver.Primary, driver.Standby}[r.IntN(2)]
		case 16:
			d.UnreadableFor = upTo(r, 5*time.Second)
		case 17:
			d.SaysPrimaryAfterwards = true
		case 18:
			d.StoresLate = upTo(r, 100*ms)
		case 19:
			d.KeepsEpoch = true
		}
	}
	return d
}

// player does things to a cluster by chance. One of its members is the primary.
type player struct {
	*stage

	r       *rand.Rand
	primary driver.Member
	say     func(format string, args ...any)
}

// act is something that is done to a cluster.
type act func(ctx context.Context, p *player) error

// acts plays a few of the acts, with pauses in between.
func (w world) acts(r *rand.Rand) script {
	all := []act{
		flaps, flaps, oneOutage, oneOutage, lostAndTakenOver, switched, switched, cutAndTakenOver, leftBehind,
		standbyDown,
	}
	var chosen []act
	for range 1 + r.IntN(3) {
		chosen = append(chosen, all[r.IntN(len(all))])
	}
	if r.IntN(5) == 0 {
		chosen = append(chosen, staysDown)
	}
	return func(ctx context.Context, s *stage) error {
		p := &player{stage: s, r: r, primary: s.a, say: func(format string, args ...any) {
			_, now := s.Health()
			*w.story = append(*w.story, fmt.Sprintf("%8s ", now.Round(ms))+fmt.Sprintf(format, args...))
		}}
		for _, do := range chosen {
			after(upTo(r, 300*ms))
			if err := do(ctx, p); err != nil {
				p.say("failed: %v", err)
				return err
			}
			if r.IntN(2) == 0 {
				_ = s.WaitServed(ctx, 500*ms, 3*time.Second) // or what comes next meets it as it is
			}
		}
		return nil
	}
}

// other is a member with data other than that.
func (p *player) other(than driver.Member) driver.Member {
	var all []driver.Member
	for _, m := range p.Cluster.Members {
		if m.Name != than.Name && m.Kind != driver.Witness {
			all = append(all, m)
		}
	}
	return all[p.r.IntN(len(all))]
}

// trouble is one way in which the primary serves nobody until it is healed.
func (p *player) trouble() fault.Fault {
	switch p.r.IntN(5) {
	case 0:
		return fault.KillServer(p.db, p.primary)
	case 1:
		return fault.StopServer(p.db, p.primary)
	case 2:
		return fault.RejectClients(p.db, p.db, p.primary)
	default:
		return fault.Freeze(p.primary)
	}
}

func (p *player) suffers(ctx context.Context, f fault.Fault, hold time.Duration) error {
	p.say("%s for %s", f, hold)
	if err := p.Inject(ctx, f); err != nil {
		return err
	}
	after(hold)
	return p.Heal(ctx, f)
}

// oneOutage is one trouble for a while.
func oneOutage(ctx context.Context, p *player) error {
	return p.suffers(ctx, p.trouble(), 20*ms+upTo(p.r, 3*time.Second))
}

// flaps is the same trouble again and again.
func flaps(ctx context.Context, p *player) error {
	f, up, down := p.trouble(), 10*ms+upTo(p.r, 300*ms), 20*ms+upTo(p.r, 900*ms)
	for range 2 + p.r.IntN(6) {
		if err := p.suffers(ctx, f, down); err != nil {
			return err
		}
		after(up)
	}
	return nil
}

// staysDown is a trouble that nobody heals before the drill ends.
func staysDown(ctx context.Context, p *player) error {
	f := p.trouble()
	p.say("%s, and stays so", f)
	err := p.Inject(ctx, f)
	after(upTo(p.r, 500*ms))
	return err
}

// rejoin has the others follow a new primary; sometimes one is forgotten.
func (p *player) rejoin(ctx context.Context, primary driver.Member) error {
	p.primary = primary
	for _, m := range p.Cluster.Members {
		if m.Name == primary.Name || m.Kind == driver.Witness {
			continue
		}
		if p.r.IntN(8) == 0 {
			p.say("%s does not follow %s", m.Name, primary.Name)
			continue
		}
		after(upTo(p.r, 200*ms))
		if err := m.Node.Start(ctx); err != nil {
			return err
		}
		p.say("%s follows %s", m.Name, primary.Name)
		if err := p.Rejoin(ctx, m, primary, driver.Rewind); err != nil {
			return err
		}
	}
	return nil
}

// lostAndTakenOver loses the host of the primary, or freezes it, and promotes
// another.
func lostAndTakenOver(ctx context.Context, p *player) error {
	next := p.other(p.primary)
	f := fault.HostLoss(p.primary)
	if p.r.IntN(3) == 0 {
		f = fault.Freeze(p.primary)
	}
	p.say("%s, and %s takes over", f, next.Name)
	if err := p.Inject(ctx, f); err != nil {
		return err
	}
	after(upTo(p.r, 800*ms))
	if err := p.Promote(ctx, next); err != nil {
		return err
	}
	after(upTo(p.r, 600*ms))
	if err := p.Heal(ctx, f); err != nil {
		return err
	}
	return p.rejoin(ctx, next)
}

// switched is a planned change of primary.
func switched(ctx context.Context, p *player) error {
	next := p.other(p.primary)
	p.say("%s becomes primary", next.Name)
	if err := p.Switchover(ctx, p.primary, next); err != nil {
		return err
	}
	return p.rejoin(ctx, next)
}

// cutAndTakenOver cuts replication and promotes the standby; the former primary,
// where it goes on, is rejoined later.
func cutAndTakenOver(ctx context.Context, p *player) error {
	next := p.other(p.primary)
	l, err := p.db.Links().Link(ctx, link.Route{From: next.Name, To: p.primary.Name})
	if err != nil {
		return err
	}
	cut := fault.Impair(l, link.Condition{Kind: link.Drop})
	p.say("%s, and %s takes over", cut, next.Name)
	if err := p.Inject(ctx, cut); err != nil {
		return err
	}
	after(upTo(p.r, 500*ms))
	if err := p.Promote(ctx, next); err != nil {
		return err
	}
	after(upTo(p.r, 500*ms))
	if err := p.Heal(ctx, cut); err != nil {
		return err
	}
	return p.rejoin(ctx, next)
}

// leftBehind cuts standbys off for good, so that they never catch up.
func leftBehind(ctx context.Context, p *player) error {
	if p.r.IntN(4) > 0 {
		return nil // it takes long
	}
	for _, m := range p.Cluster.Members {
		if m.Name == p.primary.Name || m.Kind == driver.Witness {
			continue
		}
		l, err := p.db.Links().Link(ctx, link.Route{From: m.Name, To: p.primary.Name})
		if err != nil {
			return err
		}
		p.say("%s gets nothing from %s any more", m.Name, p.primary.Name)
		if err := l.Impose(ctx, link.Condition{Kind: link.Drop}); err != nil {
			return err
		}
	}
	return nil
}

// standbyDown takes a standby away for a while.
func standbyDown(ctx context.Context, p *player) error {
	f := fault.Freeze(p.other(p.primary))
	return p.suffers(ctx, f, 20*ms+upTo(p.r, time.Second))
}

func (w world) String() string {
	return fmt.Sprintf("promise %+v, members %v %v, interrupted %v\nprobe %+v\ndatabase %+v\n%s", w.promise,
		w.names(), w.kinds, w.interrupted, w.probe, w.db, strings.Join(*w.story, "\n"))
}
