package dsl

import (
	"context"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/runbooks"
)

// A page may have steps that need no code: blocks of commands that are run on a member,
// and whose exit code decides. They run and look. What ends a process or cuts a network is
// a fault, and faults need a scenario, which confirms and heals them.

// checkPage reports commands of the page that cannot be run.
func (d *Drill) checkPage() error {
	for _, s := range d.Book.Steps {
		for _, c := range s.Commands {
			switch {
			case d.scenario.PageUser == "":
				return phrase.Errorf("%s: pages of %s have no commands that a drill runs", c.Where,
					d.scenario.Product())
			case !slices.Contains(append([]string{runbooks.Primary, runbooks.Standby, runbooks.All},
				d.scenario.Members...), c.On):
				return phrase.Errorf("%s: there is no member %s: it may be %s, primary, standby or all", c.Where, c.On,
					strings.Join(d.scenario.Members, ", "))
			case force.MatchString(c.Script):
				return phrase.Errorf("%s: this ends a process or cuts a network by force, which only a fault of a "+
					"scenario may: `drillbook faults` lists them", c.Where)
			}
		}
	}
	return nil
}

// pageSteps declares the steps of the page before a number that have commands and that
// nobody has declared yet.
func (d *Drill) pageSteps(before int) {
	for _, s := range d.Book.Steps {
		title := s.Title.In("en")
		if s.Number >= before || len(s.Commands) == 0 || slices.Contains(d.declared, title) {
			continue
		}
		d.declared = append(d.declared, title)
		for _, c := range s.Commands {
			if row := (Row{s.Number, c.Row}); c.Row > 0 && !slices.Contains(d.rows, row) {
				d.rows = append(d.rows, row)
			}
		}
		ginkgo.It(s.Text("en"), func(ctx ginkgo.SpecContext) { d.runPage(ctx, s) }, ginkgo.SpecTimeout(StepLimit))
	}
}

// runPage runs the commands of a step in their order, each on all its members, and fails at
// the first that does not end with 0.
func (d *Drill) runPage(ctx context.Context, s runbooks.Step) {
	ginkgo.GinkgoHelper()
	for _, c := range s.Commands {
		members, err := d.whom(ctx, c.On)
		gomega.Expect(err).To(d.Succeed())
		for _, m := range members {
			answer, err := m.Run(ctx, d.pageCommand(c))
			found := phrase.Quote(strings.TrimSpace(answer.Stdout))
			d.RecordRow(c.Row, phrase.Say("commands of %s on %s", c.Where, m.Name), found, err)
			gomega.Expect(err).To(d.Succeed())
		}
	}
}

// pageCommand has a shell run a script that ends at the first command that fails. What it
// prints may be anything that the member knows, and is without the driver's secrets.
func (d *Drill) pageCommand(c runbooks.Command) host.Command {
	strict := "set -e\n"
	if c.Shell == "bash" {
		strict = "set -eo pipefail\n"
	}
	command := host.Command{Argv: []string{c.Shell, "-c", strict + c.Script, c.Where}, User: d.scenario.PageUser}
	if keeper, ok := d.Cluster.Driver.(driver.SecretKeeper); ok {
		command.Secrets = keeper.Secrets()
	}
	return command
}

// whom are the members that a command is for, as they are now.
func (d *Drill) whom(ctx context.Context, on string) ([]driver.Member, error) {
	var m driver.Member
	var err error
	switch on {
	case runbooks.All:
		return d.Cluster.Members, nil
	case runbooks.Primary:
		m, err = d.Cluster.Primary(ctx)
	case runbooks.Standby:
		m, err = d.Cluster.Standby(ctx)
	default:
		i := slices.IndexFunc(d.Cluster.Members, func(m driver.Member) bool { return m.Name == on })
		m = d.Cluster.Members[i] // checkPage has found it
	}
	return []driver.Member{m}, err
}
