package container

import (
	"bytes"
	"context"
	"io"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// Exec runs a command in the container and returns once it has ended and
// nothing holds its output open any more. When ctx ends first, Exec returns at
// once and the command goes on: an engine cannot end what it was asked to run.
func (n *node) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	answer, err := n.shells.exec(ctx, n.host.engine, n.id, c)
	if err != nil {
		return host.Answer{}, phrase.Errorf("run %q in node %s: %w", c.Argv, n.name, wrapGone(err))
	}
	return answer, nil
}

// endShells ends what waits in the node, and in the helper, for the next command.
func (n *node) endShells() {
	n.shells.rest()
	n.admin.shells.rest()
}

// exec speaks to the engine itself: testcontainers looks for the end of a
// command only every 100 ms and does not pass standard input.
func (e *engine) exec(ctx context.Context, id string, c host.Command) (host.Answer, error) {
	if len(c.Argv) == 0 {
		return host.Answer{}, phrase.Errorf("the command is empty")
	}
	run, streams, err := e.enter(ctx, id, container.ExecOptions{
		User: c.User, Cmd: c.Argv, AttachStdin: c.Input() != "",
	})
	if err != nil {
		return host.Answer{}, err
	}
	var out, diag bytes.Buffer
	if err := converse(ctx, streams, c.Input(), &out, &diag); err != nil {
		return host.Answer{}, err
	}
	code, err := e.exitCode(ctx, run)
	return host.Answer{Stdout: out.String(), Stderr: diag.String(), Code: code}.Hide(c.Secrets...), err
}

// enter starts a program in a container, and returns the number of its exec instance and its
// streams.
func (e *engine) enter(
	ctx context.Context, id string, o container.ExecOptions,
) (run string, streams types.HijackedResponse, err error) {
	o.AttachStdout, o.AttachStderr = true, true
	made, err := e.cli.ContainerExecCreate(ctx, id, o)
	if err != nil {
		return "", streams, err
	}
	streams, err = e.cli.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{Tty: o.Tty})
	return made.ID, streams, err
}

// converse feeds a command and collects what it prints until it closes its
// output or ctx ends.
func converse(ctx context.Context, streams types.HijackedResponse, stdin string, out, diag io.Writer) error {
	stop := context.AfterFunc(ctx, streams.Close)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		if stdin == "" {
			return
		}
		// A command may end without reading everything: that is its business.
		_, _ = io.WriteString(streams.Conn, stdin)
		_ = streams.CloseWrite()
	}()
	_, err := stdcopy.StdCopy(out, diag, streams.Reader)
	stop()
	streams.Close()
	<-fed
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// exitCode waits until the engine has noticed the end that its streams have
// shown already.
func (e *engine) exitCode(ctx context.Context, id string) (int, error) {
	var code int
	err := wait.For(ctx, phrase.Say("the exit code"), settleDeadline, func(ctx context.Context) error {
		seen, err := e.cli.ContainerExecInspect(ctx, id)
		if err == nil && seen.Running {
			err = phrase.Errorf("the command has closed its output but still runs")
		}
		code = seen.ExitCode
		return err
	})
	return code, err
}
