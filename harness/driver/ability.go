package driver

import (
	"reflect"
	"slices"
)

// Ability is something that only some products can do: an interface that a driver has
// beside [Driver].
type Ability struct {
	Name      string // as a runbook says that it needs it
	Interface string // of this package
	Has       func(Driver) bool
}

// Abilities are all that there are.
func Abilities() []Ability {
	return []Ability{
		ability[AuxiliaryPlanner]("auxiliaries"),
		ability[Bootstrapper]("form"),
		ability[SettingsReporter]("settings"),
		ability[ClusterCloser]("close"),
		ability[Gate]("turn-away"),
		ability[SecretKeeper]("secrets"),
		ability[LagReporter]("lag"),
		ability[Promoter]("promote"),
		ability[Rejoiner]("rejoin"),
		ability[Salvager]("salvage"),
		ability[Server]("stop"),
		ability[Switcher]("switchover"),
		ability[Versioner]("versions"),
	}
}

func ability[I any](name string) Ability {
	return Ability{name, reflect.TypeFor[I]().Name(), func(d Driver) bool {
		_, ok := d.(I)
		return ok
	}}
}

// Lacking are those of the named abilities that a driver does not have, be it that
// there is no such ability.
func Lacking(d Driver, names []string) []string {
	var lacking []string
	for _, name := range names {
		if !slices.ContainsFunc(Abilities(), func(a Ability) bool { return a.Name == name && a.Has(d) }) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}
