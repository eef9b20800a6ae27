package ssh

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// outlived is how long what a program has started may keep its output open.
const outlived = time.Second

// runHere runs a program on the machine of the harness.
func runHere(ctx context.Context, argv []string) (host.Answer, error) {
	ctx, done := context.WithTimeoutCause(ctx, switchWithin, phrase.Errorf("it has not ended within %s", switchWithin))
	defer done()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the person's own program
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, outlived
	err := cmd.Run()
	a := host.Answer{Stdout: out.String(), Stderr: errs.String(), Code: cmd.ProcessState.ExitCode()}
	if _, ended := errors.AsType[*exec.ExitError](err); ended || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return a, phrase.Errorf("run %s here: %w", filepath.Base(argv[0]), err)
	}
	return a, nil
}

// atHarness runs a program there that must end with 0.
func atHarness(ctx context.Context, argv []string) error {
	a, err := runHere(ctx, argv)
	if err == nil && a.Code != 0 {
		err = phrase.Errorf("%s ended here with code %d: %s", filepath.Base(argv[0]), a.Code, briefly(a))
	}
	return err
}

// briefly is the end of what a program has said, in a line.
func briefly(a host.Answer) string {
	const most = 200
	said := strings.Join(strings.Fields(a.Stderr+" "+a.Stdout), " ")
	if r := []rune(said); len(r) > most {
		said = "… " + string(r[len(r)-most:])
	}
	return said
}
