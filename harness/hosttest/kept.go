package hosttest

import (
	"context"
	"errors"
	"time"

	"drillbook/harness/host"
)

// CheckKept runs commands in a node that was there before and stays, with GREETING=hello
// in its environment. It returns every promise that was broken as a joined error, or nil.
// Nothing of the node is changed.
func CheckKept(ctx context.Context, h host.Host, n host.Node) error {
	k := &checker{n: n}
	k.commands(ctx)
	k.deadline(ctx)
	k.endsWhatItGaveUp(ctx)
	for what, do := range map[string]func(context.Context) error{"Start": n.Start, "Stop": n.Stop, "Kill": n.Kill} {
		if err := do(ctx); !errors.Is(err, host.ErrUnsupported) {
			k.broken("%s = %w, want that it is not supported", what, err)
		}
	}
	if _, err := h.Launch(ctx, host.Spec{Name: "new"}); !errors.Is(err, host.ErrUnsupported) {
		k.broken("Launch = %w, want that it is not supported", err)
	}
	return errors.Join(k.errs...)
}

// endsWhatItGaveUp: nothing of a command runs on that was given up.
func (k *checker) endsWhatItGaveUp(ctx context.Context) {
	brief, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := k.n.Exec(brief, host.Command{Argv: []string{"sh", "-c", "sleep 612; true"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		k.broken("a command that lasts: %w, want the deadline's error", err)
	}
	k.answers(ctx, "look for what was given up", host.Answer{}, "sh", "-c",
		`for p in /proc/[0-9]*; do { tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null | grep -x 'sleep 612 '; done; true`)
}
