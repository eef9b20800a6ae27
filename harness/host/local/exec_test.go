package local_test

import (
	"errors"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/hosttest"
)

// TestHost: the promises of every host.
func TestHost(t *testing.T) {
	t.Parallel()
	must(t, hosttest.Check(t.Context(), open(t), host.Spec{Name: "a", Image: idle()}))
}

func TestAddress(t *testing.T) {
	t.Parallel()
	must(t, hosttest.CheckAddress(t.Context(), open(t), server("a"), host.Command{}))
}

func TestExec(t *testing.T) {
	t.Parallel()
	img := idle()
	img.Native.Users = []string{"nobody", "dmdba"} // whom root runs it as, and another name for that
	img.Native.Env = map[string]string{"DATA": "$DRILL_ROOT/data"}
	n := launch(t, open(t), host.Spec{Name: "a", Image: img})
	for _, tt := range []struct {
		name string
		c    host.Command
	}{
		{"a name of the user", host.Command{Argv: []string{"true"}, User: "dmdba"}},
		{
			"its own folder",
			host.Command{Argv: []string{"sh", "-c", `test "$DATA" = "$DRILL_ROOT/data" && test . -ef "$DRILL_ROOT"`}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := n.Exec(t.Context(), tt.c); err != nil || got != (host.Answer{}) {
				t.Errorf("Exec = %.100v, %v, want nothing", got, err)
			}
		})
	}
	t.Run("another user", func(t *testing.T) {
		_, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}, User: "daemon"})
		if !errors.Is(err, host.ErrUnsupported) {
			t.Errorf("Exec = %v, want ErrUnsupported", err)
		}
	})
}
