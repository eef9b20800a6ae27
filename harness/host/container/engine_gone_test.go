package container_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// TestErrorsNameAGoneEngine: of an engine that ends in the middle of a drill every error
// says that it is the engine, and closing the host says what may be left and how
// that is removed.
func TestErrorsNameAGoneEngine(t *testing.T) {
	engine := httptest.NewServer(http.NotFoundHandler())
	address := "tcp://" + engine.Listener.Addr().String()
	h, n, err := container.Lost(t.Context(), address, filepath.Join(t.TempDir(), "lock"))
	must(t, err)
	for _, tt := range []struct {
		name   string
		breaks func()
	}{
		{"in an answer", func() {
			engine.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				c, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					err = c.(*net.TCPConn).Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}},
		{"for good", engine.Close},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.breaks()
			ctx := t.Context()
			for verb, do := range map[string]func(context.Context) error{
				"run a command": func(ctx context.Context) error {
					_, err := n.Exec(ctx, host.Command{Argv: []string{"true"}})
					return err
				},
				"kill": n.Kill, "start": n.Start, "stop": n.Stop,
				"tell its state": func(ctx context.Context) error { _, err := n.(host.Stater).State(ctx); return err },
				"unplug": func(ctx context.Context) error {
					return n.(host.Unplugger).Unplug(ctx, host.Public)
				},
				"enter its network": func(ctx context.Context) error {
					_, err := n.(host.NetAdmin).NetExec(ctx, host.Command{Argv: []string{"true"}})
					return err
				},
				"attach to it": func(ctx context.Context) error {
					_, err := n.(host.Attacher).Attach(ctx, host.Command{Argv: []string{"true"}})
					return err
				},
			} {
				if err := do(ctx); !errors.Is(err, host.ErrGone) {
					t.Errorf("%s: %v, want an error that says that the engine does not answer", verb, err)
				}
			}
			err := h.Close(ctx)
			for _, part := range []string{"`drillbook heal` removes them", " lost ", address} {
				if err == nil || !errors.Is(err, host.ErrGone) || !strings.Contains(err.Error(), part) {
					t.Errorf("Close = %v, want it to say %q", err, part)
				}
			}
		})
	}
}
