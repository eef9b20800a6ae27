package drill_test

import (
	"testing"
	"testing/synctest"

	"drillbook/fixtures/fake"
)

// A fault that could not be healed is said to be in force when the drill has ended, and one
// that was healed is not.
func TestInForce(t *testing.T) {
	for _, stays := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			cfg := healthy()
			cfg.Defects = fake.Defects{HealDoesNothing: stays}
			d := begin(t, fake.New(cfg), dir, generous())
			f, err := cutOff(t.Context(), d.db, d.Cluster.Members[0])
			must(t, err)
			step(t, d.Drill, 1, func() error { return d.Inject(t.Context(), f) })
			if got := d.InForce().Text; got != f.String() {
				t.Errorf("in force is %q, want %q", got, f)
			}
			d.end(t)
			if got := d.InForce().Text; (got == f.String()) != stays {
				t.Errorf("at the end %q is in force, want that it stays: %t", got, stays)
			}
		})
	}
}
