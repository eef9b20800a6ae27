package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/harness/hosttest"
)

// wrong is a host with defects that can be switched on.
type wrong struct {
	host.Host

	noStderr, patient, immortal, forgetful, stubborn, opens bool
	// about nodes that may change their networks
	deaf, generous, keeps bool
}

func (w wrong) Launch(ctx context.Context, spec host.Spec) (host.Node, error) {
	asked := spec.NetAdmin
	spec.NetAdmin = asked && !w.deaf && !w.generous && !w.keeps // the host below refuses it
	n, err := w.Host.Launch(ctx, spec)
	if asked && w.keeps {
		return nil, errors.Join(err, host.ErrUnsupported)
	}
	if err != nil && w.opens && !errors.Is(err, host.ErrUnsupported) {
		return node{}, nil
	}
	return node{Node: n, w: w}, err
}

type node struct {
	host.Node

	w wrong
}

func (n node) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	if c.Argv[0] == "ip" { // no test changes the network of this machine
		return host.Answer{Code: map[bool]int{false: 2}[n.w.generous]}, nil
	}
	if n.w.patient {
		ctx = context.WithoutCancel(ctx)
		c.Argv = strings.Split(strings.ReplaceAll(strings.Join(c.Argv, "\x00"), "sleep 60;", "sleep 1;"), "\x00")
	}
	answer, err := n.Node.Exec(ctx, c)
	if n.w.noStderr {
		answer.Stderr = ""
	}
	return answer, err
}

func (n node) Kill(ctx context.Context) error {
	if n.w.immortal {
		return nil
	}
	return n.Node.Kill(ctx)
}

func (n node) Start(ctx context.Context) error {
	err := n.Node.Start(ctx)
	if err == nil && n.w.forgetful {
		_, err = n.Node.Exec(ctx, host.Command{Argv: []string{"sh", "-c", `rm -f "$DRILL_ROOT/tmp/kept"`}})
	}
	return err
}

func (n node) Freeze(ctx context.Context) error {
	if n.w.stubborn {
		return nil
	}
	return n.Node.(host.Freezer).Freeze(ctx)
}

func (n node) Thaw(ctx context.Context) error { return n.Node.(host.Freezer).Thaw(ctx) }

func (n node) State(ctx context.Context) (host.State, error) { return n.Node.(host.Stater).State(ctx) }

// TestCheck: a host that is well passes, and every defect is found.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wrong wrong
		want  string // in the error; "" for none
	}{
		{"well", wrong{}, ""},
		{"no stderr", wrong{noStderr: true}, "streams apart"},
		{"patient", wrong{patient: true}, "a command that lasts"},
		{"immortal", wrong{immortal: true}, `after Kill the state is "running"`},
		{"forgetful", wrong{forgetful: true}, "read the file after Kill"},
		{"stubborn", wrong{stubborn: true}, `after Freeze the state is "running"`},
		{"opens again", wrong{opens: true}, "a closed host launches a node"},
		{"deaf", wrong{deaf: true}, "a node that may change its network: ip address add"},
		{"generous", wrong{generous: true}, "a node that has not asked for it changes its network"},
		{"keeps the refused", wrong{keeps: true}, "a node of the name of one that was refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := local.Open(t.Context(), local.Config{Run: fmt.Sprintf("test-%08x", rand.Uint32())})
			if err != nil {
				t.Fatal(err)
			}
			tt.wrong.Host = h
			idle := host.Image{Name: "idle", Native: &host.Native{Command: []string{"sh", "-c", "exec sleep 600"}}}
			err = hosttest.Check(t.Context(), tt.wrong, host.Spec{Name: "a", Image: idle})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Check = %v, want nothing wrong", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Check = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
