package dsl

import (
	"slices"

	"drillbook/harness/driver"
	"drillbook/harness/secret"
	"drillbook/runbooks"
)

// Secrets are all that the drivers of scenarios know, each once.
func Secrets(lib runbooks.Library, scenarios ...Scenario) ([]secret.Text, error) {
	var known []secret.Text
	for _, sc := range scenarios {
		drv, err := sc.DefaultDriver(lib)
		if err != nil {
			return nil, err
		}
		keeper, ok := drv.(driver.SecretKeeper)
		if !ok {
			continue
		}
		for _, s := range keeper.Secrets() {
			same := func(k secret.Text) bool { return k.Reveal() == s.Reveal() }
			if !slices.ContainsFunc(known, same) {
				known = append(known, s)
			}
		}
	}
	return known, nil
}
