package main

import (
	"slices"
	"strings"

	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// choose finds the scenarios that are named, or those of product and tier.
func (f runFlags) choose(lib runbooks.Library, args []string, w words.Words) ([]dsl.Scenario, error) {
	all := scenarios.For(lib)
	if f.tier != dsl.Smoke && f.tier != dsl.Nightly {
		return nil, failure(w, nil, "error.tier", "tier", f.tier)
	}
	if !slices.Contains(products(all), f.product) {
		known := strings.Join(products(all), ", ")
		return nil, failure(w, nil, "error.product", "product", f.product, "all", known)
	}
	if len(args) == 0 {
		return f.chooseAll(all), nil
	}
	var chosen []dsl.Scenario
	for _, name := range args {
		s, err := scenarioNamed(lib, name, w)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// scenarioNamed is the scenario that carries out a runbook, which is named as people do, also
// by its file; or why there is none.
func scenarioNamed(lib runbooks.Library, name string, w words.Words) (dsl.Scenario, error) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "runbooks/"), ".md")
	s, ok := scenarioOf(lib, name)
	if ok {
		return s, nil
	}
	if b, err := lib.Get(name); err == nil {
		if step, without := b.Unrunnable(); without {
			return s, failure(w, nil, "error.no-commands", "name", name, "where", step.Where.In(w.Lang), "step",
				step.Text(w.Lang))
		}
	}
	return s, failure(w, nil, "error.no-scenario", "name", name)
}

// chooseAll are the scenarios of the product and the tier; nightly runs smoke
// too.
func (f runFlags) chooseAll(all []dsl.Scenario) []dsl.Scenario {
	var chosen []dsl.Scenario
	for _, s := range all {
		if s.Product() == f.product && (f.tier == dsl.Nightly || s.Tier == dsl.Smoke) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

func products(all []dsl.Scenario) []string {
	var names []string
	for _, s := range all {
		if !slices.Contains(names, s.Product()) {
			names = append(names, s.Product())
		}
	}
	return names
}

func pairs(set []string, w words.Words) (map[string]string, error) {
	values := map[string]string{}
	for _, s := range set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, failure(w, nil, "error.set", "set", s)
		}
		values[name] = value
	}
	return values, nil
}
