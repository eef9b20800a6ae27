package roster

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

const (
	// readyWithin is how long a node may take to boot, and its first port to
	// accept.
	readyWithin = 60 * time.Second
	// logsWithin is how long its output may take to be read.
	logsWithin = 5 * time.Second
	// quoted is how many lines of what something printed an error quotes.
	quoted = 20
)

// Node is a node that says whether it runs.
type Node interface {
	host.Node
	host.Stater
}

// Await waits for something that the node is to do, and no longer once its
// main process has ended.
func Await(ctx context.Context, n Node, what phrase.Phrase, try func(context.Context) error) error {
	var ended error
	err := wait.For(ctx, what, readyWithin, func(ctx context.Context) error {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if s, stateErr := n.State(ctx); stateErr == nil && s == host.Ended {
			ended = phrase.Errorf("its main process has ended")
			return nil
		}
		return err
	})
	if err = errors.Join(err, ended); err != nil {
		return phrase.Errorf("%w; its last output was:\n%s", err, lastOutput(ctx, n))
	}
	return nil
}

// AwaitBoot waits until the node has booted, if its image says by which shell
// command that is told.
func AwaitBoot(ctx context.Context, n Node, booted string) error {
	if booted == "" {
		return nil
	}
	return Await(ctx, n, phrase.Say("it to boot"), func(ctx context.Context) error {
		answer, err := n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", booted}})
		if err == nil && answer.Code != 0 {
			err = phrase.Errorf("%q ended with code %d", booted, answer.Code)
		}
		return err
	})
}

// lastOutput is the end of what the node's main process has printed.
func lastOutput(ctx context.Context, n host.Node) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logsWithin)
	defer cancel()
	logs, err := n.Logs(ctx)
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(logs)
	if err = errors.Join(err, logs.Close()); err != nil {
		return err.Error()
	}
	return LastLines(string(text))
}

// LastLines is the end of a text, as an error quotes it.
func LastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-quoted):], "\n")
}
