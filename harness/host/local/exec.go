package local

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

const (
	// systemPath follows the programs' own folder in the nodes' PATH.
	systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
	// heldOpen is how long what a command has left behind may hold its output
	// open.
	heldOpen = 5 * time.Second
	// bySignal is what shells add to the number of a signal to make a code.
	bySignal = 128
)

// environment is what a node's processes see: nothing of the harness' own.
func (n *node) environment(spec host.Spec) []string {
	path := systemPath
	if n.installed.Folder != "" {
		path = n.installed.Folder + ":" + systemPath
	}
	env := map[string]string{
		"PATH":          path,
		"HOME":          n.root,
		"USER":          n.installed.User,
		host.EnvRoot:    n.root,
		host.EnvLog:     n.log,
		host.EnvAddress: n.host.addresses.ip(n.name).String(),
	}
	for _, port := range spec.Ports {
		env[host.EnvPort(port)] = strconv.Itoa(n.host.addresses.port(n.name, port))
	}
	ours := maps.Clone(env)
	maps.Copy(env, spec.Env)
	// Last, since no spec knows at which ports and in which folders nodes of this machine are.
	for name, value := range spec.Image.Native.Env {
		env[name] = os.Expand(value, func(name string) string { return ours[name] })
	}
	lines := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		lines = append(lines, name+"="+env[name])
	}
	return lines
}

// process is a command as the node runs it. Its program is looked up in the
// node's PATH, which is why a shell starts it.
func (n *node) process(ctx context.Context, argv []string, onDeath syscall.Signal) *exec.Cmd {
	args := append([]string{"-c", `exec "$@"`, "sh"}, argv...)
	c := exec.CommandContext(ctx, "/bin/sh", args...) //nolint:gosec // running commands is what it is for
	c.Dir, c.Env = n.root, n.env
	c.SysProcAttr = attributes(n.installed.as, onDeath)
	return c
}

// Exec runs a command beside the node's processes, in the same environment and
// as the same user. When ctx ends first, the command is killed. What it has
// started may go on if that has left its session, as servers do.
func (n *node) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	answer, err := n.exec(ctx, c)
	if err != nil {
		return host.Answer{}, phrase.Errorf("run %q in node %s: %w", c.Argv, n.name, err)
	}
	return answer, nil
}

func (n *node) exec(ctx context.Context, c host.Command) (host.Answer, error) {
	s, err := n.State(ctx)
	if err != nil {
		return host.Answer{}, err
	}
	if s != host.Running {
		return host.Answer{}, phrase.Errorf("the node is %s", s)
	}
	return n.run(ctx, c)
}

// run runs a command whatever the node does.
func (n *node) run(ctx context.Context, c host.Command) (host.Answer, error) {
	if len(c.Argv) == 0 {
		return host.Answer{}, phrase.Errorf("the command is empty")
	}
	if !n.is(c.User) {
		return host.Answer{}, phrase.Errorf("as user %s, but here everything runs as %s: %w",
			c.User, n.installed.User, host.ErrUnsupported)
	}
	var out, diag bytes.Buffer
	cmd := n.process(ctx, c.Argv, syscall.SIGKILL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.Input()), &out, &diag
	cmd.WaitDelay = heldOpen
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	answer := host.Answer{Stdout: out.String(), Stderr: diag.String()}.Hide(c.Secrets...)
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return host.Answer{}, context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		return host.Answer{}, phrase.Errorf("it has ended, but something that it has started holds its output open")
	case !ended:
		return answer, err
	}
	answer.Code = exit.ExitCode()
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		answer.Code = bySignal + int(w.Signal())
	}
	return answer, nil
}

// is reports whether a command of this user may be run as the node's own. One
// that the image names is only another name for that.
func (n *node) is(user string) bool {
	return user == "" || user == n.installed.User || (n.native != nil && slices.Contains(n.native.Users, user))
}
