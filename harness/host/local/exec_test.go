package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestOwnEnvironment: what a person has set reaches neither commands nor the
// main process of a node.
func TestOwnEnvironment(t *testing.T) {
	names := []string{
		"PGOPTIONS", "PGSERVICE", "PGHOST", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "TMPDIR",
		"LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "SSL_CERT_FILE", "DOCKER_API_VERSION", "TZ",
		"LD_LIBRARY_PATH", "ENV", "BASH_ENV",
	}
	for _, name := range names {
		t.Setenv(name, t.TempDir())
	}
	n := launch(t, open(t), host.Spec{Name: "a", Image: shell("env >main; exec sleep 600")})
	eventually(t, func() error {
		_, err := os.Stat(filepath.Join(run(t, n, "pwd"), "main"))
		return err
	})
	seen := run(t, n, "sh", "-c", "env; cat main")
	for _, name := range names {
		if strings.Contains("\n"+seen, "\n"+name+"=") {
			t.Errorf("the node has %s of whoever runs the harness", name)
		}
	}
}
