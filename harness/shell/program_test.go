package shell_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/shell"
	"drillbook/harness/wait"
)

// program writes a program of a name that no other process of this machine has.
func program(t *testing.T, name, script string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return path
}

// TestStartWaitsForThisStart: what the program printed when it was started before
// must not be taken for what it says now. It is started a hundred times, ten at a
// time, since not every start would show that.
func TestStartWaitsForThisStart(t *testing.T) {
	// A server stays.
	path := program(t, "tstserver", "sleep 0.02\n: >\"$1\"\necho SYSTEM IS READY\nsleep 2\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	errs := make([]error, 10)
	var starting sync.WaitGroup
	for i := range errs {
		dir := t.TempDir()
		starting.Go(func() {
			for n := 0; n < 10 && errs[i] == nil; n++ {
				errs[i] = startAgain(ctx, path, dir)
			}
		})
	}
	starting.Wait()
	must(t, errors.Join(errs...))
}

// startAgain starts a program with a folder in which it has been started before.
func startAgain(ctx context.Context, path, dir string) error {
	up, out := filepath.Join(dir, "up"), filepath.Join(dir, "tstserver.out")
	if err := errors.Join(os.RemoveAll(up), os.WriteFile(out, []byte("SYSTEM IS READY\n"), 0o600)); err != nil {
		return err
	}
	p := shell.Program{Argv: []string{path, up}, Dir: dir, Says: "SYSTEM IS READY"}
	if answer, err := shell.Start(ctx, here("a"), p); err != nil {
		return fmt.Errorf("start: %w: %+v", err, answer)
	}
	if _, err := os.Stat(up); err != nil {
		return fmt.Errorf("it was taken for up before it was: %w", err)
	}
	return nil
}

// TestStartOfAProgramThatEnds: a program that ends before it is up is not up, whether it
// would have said so or not, and what it printed is told.
func TestStartOfAProgramThatEnds(t *testing.T) {
	path := program(t, "tstrefuses", "echo my file is wrong; exit 3\n")
	for _, says := range []string{"", "READY"} {
		p := shell.Program{Argv: []string{path, "its file"}, Dir: t.TempDir(), Says: says}
		answer, err := shell.Start(t.Context(), here("a"), p)
		if err == nil || !strings.Contains(err.Error()+answer.Stdout, "my file is wrong") {
			t.Errorf("Start until it says %q = %+v, %v, want what it said", says, answer, err)
		}
	}
}

// TestStop: all processes of a program are found and ended, and no other.
func TestStop(t *testing.T) {
	const name = "tststops"
	path := program(t, name, "exec 2>&1; trap 'echo asked; exit' TERM; echo up; while :; do sleep 0.05; done\n")
	m := here("a")
	var ran []string
	m.OnCommand = func(r driver.CommandRun) { ran = append(ran, r.Command.Argv[3]) }
	dir := t.TempDir()
	for range 2 {
		answer, err := shell.Start(t.Context(), m, shell.Program{Argv: []string{path}, Dir: dir, Says: "up"})
		if err != nil {
			t.Fatal(err, answer)
		}
	}
	two := func(ctx context.Context) error { // a child of theirs bears their name until it is another program
		all, err := shell.Processes(ctx, m, name)
		if err == nil && len(all) != 2 {
			err = fmt.Errorf("processes = %v, want two", all)
		}
		return err
	}
	must(t, wait.For(t.Context(), phrase.Say("two processes"), 10*time.Second, two))
	must(t, shell.Stop(t.Context(), m, name, "TERM"))
	said, err := os.ReadFile(filepath.Join(dir, name+".out"))
	if err != nil || !strings.Contains(string(said), "asked") {
		t.Errorf("it said %q, %v, want that it was asked to end", said, err)
	}
	for _, none := range []string{name, "tstnobody"} {
		if all, err := shell.Processes(t.Context(), m, none); err != nil || len(all) > 0 {
			t.Errorf("processes of %s = %v, %v, want none", none, all, err)
		}
	}
	must(t, shell.Stop(t.Context(), m, name, "KILL")) // of none
	if want := []string{"start", "start", "stop", "stop"}; !slices.Equal(ran, want) {
		t.Errorf("recorded is %v, want %v: looking is not", ran, want)
	}
}
