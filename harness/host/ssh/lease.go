package ssh

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

//go:embed watch.sh
var watch string

// Lease has the machine carry out the undo by itself: the kernel, where the undo says how
// that is renewed, or a few lines of shell in a session of their own, which wait for the
// time that a file says. Both live without us.
func (h *Host) Lease(ctx context.Context, u host.Undo) (host.Lease, error) {
	found, ok := h.Node(u.Node)
	if !ok {
		return nil, phrase.Errorf("there is no machine of %s", u.Node)
	}
	n, _ := found.(*Node)
	if u.Renew != "" {
		return kernelLease{n, u}, nil
	}
	l := &watched{n: n, user: u.User, dir: n.file("lease")}
	if err := l.begin(ctx, u); err != nil {
		return nil, phrase.Errorf("begin a lease on %s: %w", n.m.Name, err)
	}
	return l, nil
}

// kernelLease is kept by the machine's kernel.
type kernelLease struct {
	n *Node
	u host.Undo
}

func (l kernelLease) Renew(ctx context.Context) error { return l.u.Keep(ctx, l.n) }

// Release does nothing: what the kernel held is gone with what was undone.
func (kernelLease) Release(context.Context) error { return nil }

// watched is kept by a watch of our own, in a folder of its own.
type watched struct {
	n    *Node
	user string
	dir  string
}

// begin starts the watch, and returns once it runs. Where systemd ends what a session has
// started with that session, it would not live without us.
func (l *watched) begin(ctx context.Context, u host.Undo) error {
	undo := "exec " + host.Quoted(slices.Concat(l.n.environment(), u.Argv)...)
	if u.Stdin != "" {
		undo = "printf %s " + host.Quoted(u.Stdin) + " | " + strings.TrimPrefix(undo, "exec ")
	}
	const killsSessions = `busctl get-property org.freedesktop.login1 /org/freedesktop/login1 ` +
		`org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null`
	return l.run(ctx, `[ "$(`+killsSessions+`)" != "b true" ] ||
	{ echo 'systemd-logind has KillUserProcesses=yes, and would end the watch of a lease: set it to no' >&2; exit 1; }
mkdir "$0" && cd "$0" && printf %s `+host.Quoted(watch)+` >watch && printf '%s\n' `+host.Quoted(undo)+` >undo && `+
		l.until("until")+` && { setsid sh ./watch "$0" </dev/null >/dev/null 2>&1 & }
tries=0; until [ -s pid ]; do tries=$((tries + 1)) && [ $tries -lt 50 ] && sleep 0.1 || exit 1; done`)
}

// until writes down when the term that begins now ends.
func (l *watched) until(file string) string {
	return fmt.Sprintf("read -r up _ </proc/uptime && echo $((${up%%.*}${up#*.} + %d)) >%s",
		l.n.h.cfg.Term.Milliseconds()/10, file)
}

// Renew begins another term. A watch that has ended without carrying out its undo is an
// error of its own.
func (l *watched) Renew(ctx context.Context) error {
	err := l.run(ctx, `cd "$0" && [ ! -e lapsed ] && [ -e until ] || { echo lapsed; exit 0; }
kill -0 "$(cat pid)" || { echo 'its watch has ended' >&2; exit 1; }
`+l.until("next")+` && mv next until && [ ! -e lapsed ] || echo lapsed`)
	if err != nil {
		return phrase.Errorf("renew a lease on %s: %w", l.n.m.Name, err)
	}
	return nil
}

// Release has the watch end, and removes its folder.
func (l *watched) Release(ctx context.Context) error {
	if err := l.run(ctx, `rm -f "$0/until" && rm -rf "$0"`); err != nil {
		return phrase.Errorf("release a lease on %s: %w", l.n.m.Name, err)
	}
	return nil
}

// run runs a script with the lease's folder as $0.
func (l *watched) run(ctx context.Context, script string) error {
	answer, err := l.n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", script, l.dir}, User: l.user})
	switch {
	case err != nil:
		return err
	case answer.Code != 0:
		return phrase.Errorf("it ended with code %d: %s", answer.Code, strings.TrimSpace(answer.Stderr))
	case firstLine(answer.Stdout) == "lapsed":
		return host.ErrLapsed
	}
	return nil
}
