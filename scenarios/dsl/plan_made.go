package dsl

import (
	"context"
	"slices"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/plan"
)

// PlanMade says what a drill of the scenario is going to do to a cluster that is made for it.
// It starts nothing. Faults that the scenario does not tell beforehand are not in it.
func (p Planning) PlanMade(ctx context.Context) (made plan.Plan, err error) {
	made, book, drv, err := p.begin()
	if err != nil {
		return made, err
	}
	f := p.toCome(drv, made.Params)
	for i, m := range f.Cluster.Members {
		made.Members = append(made.Members, plan.Member{Name: m.Name, Page: m.Name, Role: string(roleOf(i))})
	}
	told := map[int][]plan.Fault{}
	if p.Scenario.Faults != nil {
		by, err := ByStep(ctx, book, p.Scenario, f)
		if err != nil {
			return made, err
		}
		for step, all := range by {
			for _, one := range all {
				kinds := fault.KindsOf(one)
				told[step] = append(told[step], plan.Fault{What: one.Phrase(), Kinds: kinds, How: howMade(kinds)})
			}
		}
	}
	made.Steps, made.Untold = p.steps(book, told), p.Scenario.Faults == nil
	return made, nil
}

// toCome is the cluster as it will be made: its first member is the primary.
func (p Planning) toCome(drv driver.Driver, params map[string]string) Foreseen {
	members := p.Scenario.Members
	if p.Scenario.More != nil {
		members = slices.Concat(members, p.Scenario.More(params))
	}
	f := Foreseen{Cluster: &cluster.Cluster{Driver: drv}, Links: toCome{}, Params: params}
	for i, name := range members {
		m := driver.Member{Name: name, Kind: p.Scenario.Kinds[name]}
		f.Cluster.Members = append(f.Cluster.Members, m)
		if i == 0 {
			f.Primary = m
		} else {
			f.Standbys = append(f.Standbys, m)
		}
	}
	return f
}

// howMade says how faults of these kinds are done.
func howMade(kinds []string) phrase.Phrase {
	var all []phrase.Phrase
	zh := fault.Kinds("zh")
	for i, k := range fault.Kinds("en") {
		if slices.Contains(kinds, k.Name) {
			all = append(all, phrase.Both(k.Made, zh[i].Made))
		}
	}
	return phrase.Join(all, "; ")
}

// toCome is the network of members that are not there yet.
type toCome struct{}

func (toCome) Link(_ context.Context, r link.Route) (link.Link, error) { return linkToCome{r}, nil }

func (toCome) Close(context.Context) error { return nil }

// linkToCome has a name. Nothing can be done to it.
type linkToCome struct{ r link.Route }

func (l linkToCome) Phrase() phrase.Phrase  { return link.Name(l.r) }
func (l linkToCome) String() string         { return l.Phrase().Text }
func (linkToCome) Mechanism() phrase.Phrase { return phrase.Phrase{} }
func (linkToCome) Addr() string             { return "" }

func (linkToCome) Impose(context.Context, link.Condition) error { return link.ErrUnsupported }

func (linkToCome) Confirm(context.Context) (phrase.Phrase, error) {
	return phrase.Phrase{}, link.ErrUnsupported
}

func (linkToCome) Clear(context.Context) error { return link.ErrUnsupported }

func (linkToCome) Cleared(context.Context) (phrase.Phrase, error) {
	return phrase.Phrase{}, link.ErrUnsupported
}
