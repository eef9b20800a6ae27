package fault_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"testing"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// here is this machine as a node: commands are run, and that is all.
type here struct{}

func (here) Name() string                                { return "a" }
func (here) Addr(context.Context, int) (string, error)   { return "", host.ErrUnsupported }
func (here) Start(context.Context) error                 { return host.ErrUnsupported }
func (here) Stop(context.Context) error                  { return host.ErrUnsupported }
func (here) Kill(context.Context) error                  { return host.ErrUnsupported }
func (here) Logs(context.Context) (io.ReadCloser, error) { return nil, host.ErrUnsupported }

func (here) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return host.Answer{Stdout: out.String(), Stderr: errs.String(), Code: ended.ExitCode()}, nil
	}
	return host.Answer{Stdout: out.String(), Stderr: errs.String()}, err
}

// sleeper is a server whose main process is a child of ours.
type sleeper struct {
	driver.Server

	pid int
}

func (s sleeper) MainProcess(context.Context, driver.Member) (int, error) { return s.pid, nil }

// What undoes a hang is known before it, has the process go on, and does no harm to one
// that goes on or has ended.
func TestUndoOfAHang(t *testing.T) {
	ctx, m := t.Context(), driver.Member{Name: "a", Node: here{}}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := fault.HangServer(sleeper{pid: cmd.Process.Pid}, m)
	all, err := fault.UndoOf(ctx, f)
	if err != nil || len(all) != 1 {
		t.Fatalf("UndoOf = %+v, %v, want one", all, err)
	}
	undo := all[0]
	for _, what := range []string{"before", "again"} {
		if err := undo.Confirm(ctx, m.Node); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := f.Inject(ctx); err != nil {
			t.Fatal(err)
		}
		// The kernel stops it a moment after the signal was sent.
		err := wait.For(ctx, "the stop", time.Minute, func(ctx context.Context) error {
			_, err := f.Confirm(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := undo.Confirm(ctx, m.Node); err == nil {
			t.Error("nothing is left to undo, although it is stopped")
		}
		for range 2 {
			if err := undo.Run(ctx, m.Node); err != nil {
				t.Error(err)
			}
		}
		if evidence, err := f.Healed(ctx); err != nil {
			t.Errorf("Healed = %s, %v", evidence, err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // that it was killed is no news
	if err := undo.Run(ctx, m.Node); err != nil {
		t.Errorf("once it has ended: %v", err)
	}
}

// A command that does not end with 0 undoes nothing.
func TestUndoThatFails(t *testing.T) {
	for _, u := range []host.Undo{
		{Argv: []string{"false"}, Done: []string{"true"}}, {Argv: []string{"true"}, Done: []string{"false"}},
	} {
		if err := u.Run(t.Context(), here{}); err == nil {
			t.Errorf("%v is an undo", u)
		}
	}
}

// A group is undone by all that undoes its parts; what cannot say so adds nothing.
func TestUndoOfAGroup(t *testing.T) {
	db := fake.New(fake.Config{})
	a := driver.Member{Name: "a", Node: here{}}
	cut, err := db.Links().Link(t.Context(), link.Route{From: "b", To: "a"})
	if err != nil {
		t.Fatal(err)
	}
	f := fault.Group(phrase.Quote("all of it"), fault.Impair(cut, link.Condition{Kind: link.Drop}),
		fault.KillServer(db, a), fault.RejectClients(db, db, a), fault.HostLoss(a), storm("wind"))
	all, err := fault.UndoOf(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(all))
	for _, u := range all {
		got = append(got, u.Node+": "+u.Argv[0])
	}
	if want := []string{"b: mend", "a: serve", "a: accept"}; !slices.Equal(got, want) {
		t.Errorf("it is undone by %q, want %q", got, want)
	}
}

// switched is a node whose power can be switched on by whoever has the command.
type switched struct {
	here

	known bool
}

func (s switched) Restore() (host.Undo, bool) {
	return host.Undo{Node: "a", Argv: []string{"on"}, Local: true, Attended: true}, s.known
}

// How a lost host is started again is known where its place says so, and only there.
func TestUndoOfALostHost(t *testing.T) {
	for _, tt := range []struct {
		node host.Node
		want int
	}{{switched{known: true}, 1}, {switched{}, 0}, {here{}, 0}} {
		all, err := fault.UndoOf(t.Context(), fault.HostLoss(driver.Member{Name: "a", Node: tt.node}))
		if err != nil || len(all) != tt.want || tt.want == 1 && (!all[0].Local || all[0].Argv[0] != "on") {
			t.Errorf("%T: %+v, %v, want %d", tt.node, all, err, tt.want)
		}
	}
}
