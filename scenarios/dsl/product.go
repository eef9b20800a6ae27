package dsl

import (
	"errors"
	"slices"

	"drillbook/fixtures/images"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/runbooks"
)

// Product is a database product as the commands know it. All fields but Probe, Page,
// PageUser, Params, ImageVariable and Own must be set.
type Product struct {
	Name      string       // folder of its runbooks, and what commands take: "postgres"
	Title     string       // "PostgreSQL"
	Images    []host.Image // what its nodes run from
	Scenarios []Scenario
	// ImageVariable is the variable of the environment that says what members run from
	// instead of Images; "" if none does.
	ImageVariable string
	// Page carries out runbooks of a person's own whose steps are all commands of the page:
	// its Members, More and Driver; the zero Scenario: there can be none. PageUser is whom
	// such commands are run as; "": the product's pages have none.
	Page     Scenario
	PageUser string
	// Params are those that all its runbooks have besides their own, by which people say
	// what is their own. A record has those that were given.
	Params []runbooks.Param
	// Probe is what the product needs otherwise than [drill.Probe] has it; what a
	// scenario or a run says outweighs it.
	Probe drill.Probe
	// Own, if set, makes what is needed to drill a cluster that is there already.
	Own Owner
}

// All are the product's scenarios, with the product's probe.
func (p Product) All() []Scenario {
	all := slices.Clone(p.Scenarios)
	for i := range all {
		all[i].Probe = all[i].Probe.Or(p.Probe)
		all[i].Common, all[i].PageUser = p.Params, p.PageUser
	}
	return all
}

// Pages are the scenarios of a library's runbooks that nothing but their own pages carries
// out.
func (p Product) Pages(lib runbooks.Library) []Scenario {
	all := p
	all.Scenarios = nil
	for _, b := range lib {
		_, without := b.Unrunnable()
		known := slices.ContainsFunc(p.Scenarios, func(s Scenario) bool { return s.Runbook == b.Name })
		if b.Product() != p.Name || without || known || p.Page.Driver == nil {
			continue
		}
		sc := p.Page
		sc.Runbook, sc.Tier, sc.Body = b.Name, Nightly, func(*Drill) {}
		all.Scenarios = append(all.Scenarios, sc)
	}
	return all.All()
}

// Scenarios are those of several products.
func Scenarios(products ...Product) []Scenario {
	var all []Scenario
	for _, p := range products {
		all = append(all, p.All()...)
	}
	return all
}

// OwnImages are the user's own images that usual drills of the product run from, each once.
// An error is a setting that is wrong.
func (p Product) OwnImages(lib runbooks.Library) ([]host.Image, error) {
	drv, err := p.Scenarios[0].DefaultDriver(lib)
	if err != nil {
		return nil, err
	}
	spec, err := drv.Plan(driver.Seat{Name: p.Scenarios[0].Members[0], First: true})
	if err != nil {
		return nil, err
	}
	all := []host.Image{spec.Image}
	if planner, ok := drv.(driver.AuxiliaryPlanner); ok {
		others, err := planner.PlanAuxiliaries(p.Scenarios[0].Members)
		if err != nil {
			return nil, err
		}
		for _, o := range others {
			all = append(all, o.Spec.Image)
		}
	}
	var own []host.Image
	for _, img := range all {
		theirs := img.Base.Check != "" || img.Files == nil && img.Program == nil
		if theirs &&
			!slices.ContainsFunc(own, func(o host.Image) bool { return o.Name == img.Name }) {
			own = append(own, img)
		}
	}
	return own, nil
}

// Images are what drills of the products run from, each once: those that are the same
// for all products come last.
func Images(products ...Product) []host.Image {
	var all []host.Image
	add := func(img host.Image) {
		if !slices.ContainsFunc(all, func(i host.Image) bool { return i.Name == img.Name }) {
			all = append(all, img)
		}
	}
	for _, p := range products {
		for _, img := range p.Images {
			add(img)
		}
	}
	add(images.NetAdmin())
	add(images.Toxiproxy())
	return all
}

// CheckProducts reports two products of one name, a product without a title, an image
// or a scenario, a scenario that is of another product or has no runbook, and a runbook
// that no scenario carries out.
func CheckProducts(lib runbooks.Library, products ...Product) error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, phrase.Errorf(format, args...)) }
	seen, carried := map[string]bool{}, map[string]bool{}
	for _, p := range products {
		if seen[p.Name] {
			add("there are two products %q: give one of them, and its folder of runbooks, another name", p.Name)
		}
		seen[p.Name] = true
		if p.Name == "" || p.Title == "" || len(p.Images) == 0 {
			add("product %q (%s) needs a name, a title and an image", p.Name, p.Title)
		}
		if len(p.Scenarios) == 0 {
			add("product %s has no scenario: write its runbooks in runbooks/%[1]s and what carries them out", p.Name)
		}
		for _, s := range p.Scenarios {
			carried[s.Runbook] = true
			if s.Product() != p.Name {
				add("scenario %s is not of product %s: its runbook must lie in runbooks/%s", s.Runbook, p.Name, p.Name)
			}
			if _, err := lib.Get(s.Runbook); err != nil {
				wrong = append(wrong, phrase.Errorf("scenario of product %s: %w", p.Name, err))
			}
		}
	}
	for _, b := range lib {
		if !carried[b.Name] {
			add("runbook %s is carried out by no scenario", b.Name)
		}
	}
	return errors.Join(wrong...)
}
