package fault

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// HangServer pauses the main process of a member's server by SIGSTOP, as one that waits
// for storage that does not answer. It is an event, since a product may end a server that
// hangs. Healing it has the process go on, if it is there.
func HangServer(s driver.Server, m driver.Member) Fault { return &hangServer{s: s, m: m} }

type hangServer struct {
	s   driver.Server
	m   driver.Member
	pid int // that was paused, or is about to be
}

func (f *hangServer) Phrase() phrase.Phrase  { return phrase.Say("server of %s hangs", f.m.Name) }
func (f *hangServer) String() string         { return f.Phrase().Text }
func (*hangServer) Mechanism() phrase.Phrase { return phrase.Say(hangMechanism) }

func (f *hangServer) Inject(ctx context.Context) error {
	if err := f.find(ctx); err != nil {
		return err
	}
	return f.signal(ctx, "STOP")
}

// find finds the process to pause.
func (f *hangServer) find(ctx context.Context) error {
	pid, err := f.s.MainProcess(ctx, f.m)
	if err == nil && pid == 0 {
		err = phrase.Errorf("it does not run")
	}
	if err != nil {
		return phrase.Errorf("pause the server of %s: %w", f.m.Name, err)
	}
	f.pid = pid
	return nil
}

// stoppedNow ends with 0 if the process of its first argument is stopped.
const stoppedNow = `while read -r key value _; do
	[ "$key $value" = "State: T" ] && exit 0
done 2>/dev/null <"/proc/$1/status"; exit 1`

// Undo has the process that is to be paused go on.
func (f *hangServer) Undo(ctx context.Context) ([]host.Undo, error) {
	if err := f.find(ctx); err != nil {
		return nil, err
	}
	pid := strconv.Itoa(f.pid)
	stopped := "stopped() { (" + stoppedNow + ") }; "
	return []host.Undo{{
		Node: f.m.Name,
		Argv: []string{"sh", "-c", stopped + `! stopped "$1" || kill -CONT "$1"`, "go-on", pid},
		Done: []string{"sh", "-c", stopped + `! stopped "$1"`, "went-on", pid},
	}}, nil
}

func (f *hangServer) signal(ctx context.Context, name string) error {
	_, err := f.m.Run(ctx, host.Command{Argv: []string{"sh", "-c", fmt.Sprintf("kill -%s %d", name, f.pid)}})
	return err
}

// state is that of the process: T is stopped; "" is gone.
func (f *hangServer) state(ctx context.Context) (string, error) {
	const look = `while read -r key value _; do [ "$key" = State: ] && echo $value; done <"/proc/$1/status"; true`
	answer, err := f.m.Node.Exec(ctx, host.Command{
		Argv: []string{"sh", "-c", look + " 2>/dev/null", "state", strconv.Itoa(f.pid)},
	})
	return strings.TrimSpace(answer.Stdout), err
}

func (f *hangServer) Confirm(ctx context.Context) (phrase.Phrase, error) {
	state, err := f.state(ctx)
	if err == nil && state != "T" {
		err = phrase.Errorf("process %d of %s is in state %q, not stopped", f.pid, f.m.Name, state)
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("process %d of %s is stopped", f.pid, f.m.Name), nil
}

// Holds says that what was paused was paused.
func (f *hangServer) Holds(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, ErrEvent }

func (f *hangServer) Heal(ctx context.Context) error {
	if f.pid == 0 {
		return nil
	}
	if state, err := f.state(ctx); err != nil || state != "T" {
		return err
	}
	return f.signal(ctx, "CONT")
}

func (f *hangServer) Healed(ctx context.Context) (phrase.Phrase, error) {
	if f.pid == 0 {
		return phrase.Say("the server of %s was not touched", f.m.Name), nil
	}
	state, err := f.state(ctx)
	switch {
	case err != nil:
		return phrase.Phrase{}, err
	case state == "T":
		return phrase.Phrase{}, phrase.Errorf("process %d of %s is still stopped", f.pid, f.m.Name)
	case state == "":
		return phrase.Say("process %d of %s has ended", f.pid, f.m.Name), nil
	}
	return phrase.Say("process %d of %s goes on", f.pid, f.m.Name), nil
}
