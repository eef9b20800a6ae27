package dsl

import (
	"context"
	"errors"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/wait"
)

// syncWithin is how long a standby may take to catch up.
const syncWithin = time.Minute

// Pair returns the primary and the standby of a cluster of two, as they are
// now.
func (d *Drill) Pair(ctx context.Context) (primary, standby driver.Member) {
	ginkgo.GinkgoHelper()
	err := wait.For(ctx, phrase.Say("a primary and a standby"), pairWithin, func(ctx context.Context) (err error) {
		if primary, err = d.Cluster.Primary(ctx); err == nil {
			standby, err = d.Cluster.Standby(ctx)
		}
		return err
	})
	gomega.Expect(err).To(d.Succeed())
	return primary, standby
}

// Group returns the primary and all standbys of a cluster, as they are now.
func (d *Drill) Group(ctx context.Context) (primary driver.Member, standbys []driver.Member) {
	ginkgo.GinkgoHelper()
	err := wait.For(ctx, phrase.Say("a primary and its standbys"), pairWithin, func(ctx context.Context) (err error) {
		if primary, err = d.Cluster.Primary(ctx); err != nil {
			return err
		}
		standbys, err = d.Cluster.Standbys(ctx)
		if want := len(d.Cluster.Holders()) - 1; err == nil && len(standbys) != want {
			err = phrase.Errorf("%d members say they are %s, not %d", len(standbys), driver.Standby, want)
		}
		return err
	})
	gomega.Expect(err).To(d.Succeed())
	return primary, standbys
}

// pairWithin is how long a busy machine may take to say who is who.
const pairWithin = 5 * time.Second

// ConfirmInSync waits until the standby has applied all that the primary had
// written, and records how it stands.
func (d *Drill) ConfirmInSync(ctx context.Context, standby, primary driver.Member) {
	ginkgo.GinkgoHelper()
	lag, err := d.WaitInSync(ctx, standby, primary, syncWithin)
	d.RecordFinding(phrase.Say("replication"), lag.Detail, err)
	gomega.Expect(err).To(d.Succeed())
}

// PairInSync is Pair, once the standby is in sync.
func (d *Drill) PairInSync(ctx context.Context) (primary, standby driver.Member) {
	ginkgo.GinkgoHelper()
	primary, standby = d.Pair(ctx)
	d.ConfirmInSync(ctx, standby, primary)
	return primary, standby
}

// ConfirmRole makes sure that a member says that it has a role.
func (d *Drill) ConfirmRole(ctx context.Context, m driver.Member, want driver.Role) {
	ginkgo.GinkgoHelper()
	got, err := d.Cluster.Role(ctx, m)
	if err == nil && got != want {
		err = phrase.Errorf("%s is %s, not %s", m.Name, got, want)
	}
	d.RecordFinding(phrase.Say("role of %s", m.Name), phrase.Quote(string(got)), err)
	gomega.Expect(err).To(d.Succeed())
}

// Confirm records what a check of the runbook found; an error of the check
// fails the step. What was looked at is said as by [phrase.Say].
func (d *Drill) Confirm(format string, args ...any) func(found phrase.Phrase, err error) {
	what := phrase.Say(format, args...)
	return func(found phrase.Phrase, err error) {
		ginkgo.GinkgoHelper()
		d.RecordFinding(what, found, err)
		d.looked = what
		gomega.Expect(err).To(d.Succeed(), what.Text)
	}
}

// ConfirmSeen is [Drill.Confirm] for what cannot be looked at everywhere: then the record says
// so, and the step goes by its other checks.
func (d *Drill) ConfirmSeen(format string, args ...any) func(found phrase.Phrase, err error) {
	what := phrase.Say(format, args...)
	return func(found phrase.Phrase, err error) {
		ginkgo.GinkgoHelper()
		d.RecordFinding(what, found, err)
		d.looked = what
		if !errors.Is(err, driver.ErrUnseen) {
			gomega.Expect(err).To(d.Succeed(), what.Text)
		}
	}
}

// servedFor is how long clients must have been served without a failure to
// count as served.
const servedFor = 500 * time.Millisecond

// ConfirmServed waits until the clients' writes succeed again.
func (d *Drill) ConfirmServed(ctx context.Context) {
	ginkgo.GinkgoHelper()
	err := d.WaitServed(ctx, servedFor, d.Book.RTO+servedFor)
	h, now := d.Health()
	d.RecordFinding(phrase.Say("clients' writes"), served(h, now), err)
	gomega.Expect(err).To(d.Succeed())
}

func served(h probe.Health, now time.Duration) phrase.Phrase {
	return phrase.Say("%d of %d acknowledged; the last failure was %s ago",
		h.Acked, h.Attempts, (now - h.LastFail).Round(time.Millisecond))
}
