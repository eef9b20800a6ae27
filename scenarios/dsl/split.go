package dsl

import (
	"context"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// CutOff cuts all traffic between a member and another one, and what clients
// open to the member's port over the public network. A client beside the
// member still reaches it. The cut stays until the drill heals it.
func (d *Drill) CutOff(ctx context.Context, m, from driver.Member, port int) fault.Fault {
	ginkgo.GinkgoHelper()
	f, err := cutOff(ctx, d.Links, m, from, port)
	gomega.Expect(drill.Blame(record.BlameFault, err)).To(d.Succeed())
	return d.inject(ctx, f)
}

func cutOff(ctx context.Context, links link.Network, m, from driver.Member, port int) (fault.Fault, error) {
	var parts []fault.Fault
	for _, r := range []link.Route{{From: m.Name, To: from.Name}, {To: m.Name, Over: host.Public, Port: port}} {
		l, err := links.Link(ctx, r)
		if err != nil {
			return nil, err
		}
		parts = append(parts, fault.Impair(l, link.Condition{Kind: link.Drop}))
	}
	return fault.Group(phrase.Say("network of %s is cut", m.Name), parts...), nil
}

// CheckWhoWrites counts for a while who acknowledges writes, while old is cut off
// and taken has taken over, and records whether that is what the drill is about.
func (d *Drill) CheckWhoWrites(ctx context.Context, old, taken driver.Member, during time.Duration) {
	ginkgo.GinkgoHelper()
	counts, err := d.CountDirectWrites(ctx, during)
	gomega.Expect(err).To(d.Succeed())
	found := phrase.Say("in %s, %s acknowledged %d writes and %s %d", during, old.Name, counts[old.Name], taken.Name,
		counts[taken.Name])
	switch split := d.Book.ExpectsSplit(d.Params); {
	case counts[taken.Name] == 0:
		err = phrase.Errorf("%s takes no writes", taken.Name)
	case split && counts[old.Name] == 0:
		err = phrase.Errorf("%s takes no writes from the client beside it: there is no split brain to drill", old.Name)
	case !split && counts[old.Name] > 0:
		err = phrase.Errorf("both take writes: this is a split brain")
	}
	d.RecordFinding(phrase.Say("who takes writes"), found, err) // what that is worth is for the measurement to say
}

// SaveDiverged saves what only one member holds to a file in the drill's
// folder, and records what is in it.
func (d *Drill) SaveDiverged(ctx context.Context, m, primary driver.Member) {
	ginkgo.GinkgoHelper()
	saved, err := d.Salvage(ctx, m, primary)
	var found phrase.Phrase
	if err == nil {
		found = phrase.Say("%d rows that only %s holds are in %s: %d bytes, sha256 %s", saved.Rows, m.Name,
			saved.File, saved.Bytes, saved.SHA256)
	}
	d.RecordFinding(phrase.Say("what only %s holds", m.Name), found, err)
	gomega.Expect(err).To(d.Succeed())
}
