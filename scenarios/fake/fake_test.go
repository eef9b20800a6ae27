package fake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/fake"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

const page = `---
rto: 30s
rpo: 10
source: "a test"
needs: [promote, rejoin]
params:
  loses: {default: "no", allowed: ["no", "yes"]}
---
# The primary is lost

What it is about.

## 1. Lose it

Take the primary away.

### Standby

It takes no writes.

### Jobs

They are the same on both.

## 2. Promote

` + "`consent=ask`" + `

Make the standby primary.

## 3. Rejoin

Bring the old primary back.
`

// newDB makes the database of the parameter loses.
func newDB(params map[string]string) (driver.Driver, error) {
	cfg := fake.Config{Latency: time.Millisecond, Delay: 2 * time.Millisecond}
	if params["loses"] == "yes" {
		cfg.Defects.LosesOnPromotion = 60
	}
	return fake.New(cfg), nil
}

// logIn has a person log in to a member, who types the password.
func logIn(ctx context.Context, m driver.Member) error {
	known := fake.New(fake.Config{}).Secrets()
	answer, err := m.Run(ctx, host.Command{
		Argv: []string{"login"}, Typed: "dba/" + known[0].String() + "\n", Secrets: known,
	})
	if err == nil && !strings.Contains(answer.Stdout, "dba has logged in") {
		err = errors.New(answer.Stdout)
	}
	return err
}

func memory() dsl.Place {
	return dsl.Place{
		Name: "memory", Lacks: map[dsl.Need]string{dsl.Unplug: "there are no cables"},
		Open: func(_ context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
			db := d.(*fake.DB)
			return db, db.Links(), nil
		},
	}
}

func lostPrimary(d *dsl.Drill) {
	var a, b driver.Member
	var lost fault.Fault
	standby, jobs := d.Row("Lose it", "Standby"), d.Row("Lose it", "Jobs")
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
		role, err := d.Cluster.Role(ctx, b)
		d.ConfirmRow(standby, "role of b")(phrase.Quote(string(role)), err)
		d.ConfirmRows(dsl.Unseen(jobs, phrase.Quote("jobs"), phrase.Quote("a fake has no clock")))
		d.ConfirmSeen("clients")(phrase.Phrase{}, fmt.Errorf("%w: they are elsewhere", driver.ErrUnseen))
		Expect(logIn(ctx, b)).To(Succeed())
		lost = fault.HostLoss(a)
		Expect(d.Inject(ctx, lost)).To(d.Succeed())
	})
	It(d.Step("Promote"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Succeed())
		d.ConfirmServed(ctx)
	})
	It(d.Step("Rejoin"), func(ctx SpecContext) {
		Expect(d.Heal(ctx, lost)).To(d.Succeed())
		Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(d.Succeed())
	})
}

// unhealed is lostPrimary whose host cannot be brought up at first.
func unhealed(d *dsl.Drill) {
	var lost fault.Fault
	var a, b driver.Member
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
		lost = &stuckOnce{Fault: fault.HostLoss(a)}
		Expect(d.Inject(ctx, lost)).To(d.Succeed())
	})
	It(d.Step("Promote"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Succeed())
		d.ConfirmServed(ctx)
	})
	It(d.Step("Rejoin"), func(ctx SpecContext) {
		defer func() { // so that nothing but the step is amiss
			Expect(d.Heal(ctx, lost)).To(Succeed())
			Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(Succeed())
		}()
		Expect(d.Heal(ctx, lost)).To(d.Succeed(), "bring the host up")
	})
}

// stuckOnce is a fault whose healing fails the first time.
type stuckOnce struct {
	fault.Fault
	tried bool
}

func (s *stuckOnce) Heal(ctx context.Context) error {
	if !s.tried {
		s.tried = true
		return errors.New("the host does not answer")
	}
	return s.Fault.Heal(ctx)
}

func agrees(context.Context, runbooks.Step, []fault.Fault) error { return nil }

func declines(context.Context, runbooks.Step, []fault.Fault) error { return errors.New("not now") }

// differing is lostPrimary on members whose rows are both wrong.
func differing(d *dsl.Drill) {
	standby, jobs := d.Row("Lose it", "Standby"), d.Row("Lose it", "Jobs")
	It(d.Step("Lose it"), func(ctx SpecContext) {
		d.PairInSync(ctx)
		d.ConfirmSeen("role of a")(phrase.Quote("primary"), nil)
		d.ConfirmRows(
			dsl.Answer{
				Row: standby, What: phrase.Quote("role of b"), Found: phrase.Quote("primary"),
				Err: errors.New("b is primary"),
			},
			dsl.Unseen(jobs, phrase.Quote("jobs of cron"), phrase.Quote("no cron")),
			dsl.Answer{
				Row: jobs, What: phrase.Quote("jobs"), Found: phrase.Quote("none on b"),
				Err: errors.New("a has a job that b lacks"),
			},
		)
	})
	It(d.Step("Promote"), func(SpecContext) { Fail("it was carried out all the same") })
	It(d.Step("Rejoin"), func(SpecContext) { Fail("it was carried out all the same") })
}

// misplaced answers a row in another step than it is of.
func misplaced(d *dsl.Drill) {
	jobs := d.Row("Lose it", "Jobs")
	It(d.Step("Lose it"), func(ctx SpecContext) { d.PairInSync(ctx) })
	It(d.Step("Promote"), func(SpecContext) { d.ConfirmRow(jobs, "jobs")(phrase.Quote("none"), nil) })
	It(d.Step("Rejoin"), func(SpecContext) { Fail("it was carried out all the same") })
}

// unreachable is lostPrimary on a place that ends in the middle.
func unreachable(d *dsl.Drill) {
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, _ := d.PairInSync(ctx)
		Expect(d.Inject(ctx, fault.HostLoss(a))).To(d.Succeed())
	})
	It(d.Step("Promote"), func(SpecContext) {
		Expect(fmt.Errorf("promote b: %w", host.ErrGone)).To(d.Succeed())
	})
	It(d.Step("Rejoin"), func(SpecContext) { Fail("it was carried out all the same") })
}
