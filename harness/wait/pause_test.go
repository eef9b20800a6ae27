package wait_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
)

// stopped, when set, has TestPausesDoNotCount be the process that is stopped.
const stopped = "DRILLBOOK_TEST_STOPPED"

// The harness of a drill may be stopped while it waits, as a laptop that is
// shut or a machine that is overloaded does. What it waits for then still gets
// the time that it was to have.
func TestPausesDoNotCount(t *testing.T) {
	const within, pause = time.Second, 2 * time.Second
	if os.Getenv(stopped) != "" {
		waitWhileStopped(t, within)
		return
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPausesDoNotCount$", "-test.v")
	c.Env = append(os.Environ(), stopped+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "waiting" {
	}
	stop := errors.Join(c.Process.Signal(syscall.SIGSTOP), wait.Duration(t.Context(), pause))
	if err := errors.Join(stop, c.Process.Signal(syscall.SIGCONT)); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
	}
	if err := c.Wait(); err != nil {
		t.Errorf("what was so after the pause came too late: %v\n%s", err, said.String())
	}
}

// waitWhileStopped waits for something that is so a little after a pause.
func waitWhileStopped(t *testing.T, within time.Duration) {
	t.Helper()
	last, paused := time.Now(), time.Time{}
	err := wait.For(t.Context(), "the pause to be over", within, func(context.Context) error {
		if time.Since(last) > within {
			paused = time.Now()
		}
		if last = time.Now(); paused.IsZero() {
			_, err := os.Stdout.WriteString("waiting\n")
			return errors.Join(errNotYet, err)
		}
		if time.Since(paused) < within/5 {
			return errNotYet
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
