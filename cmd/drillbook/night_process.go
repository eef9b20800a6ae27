package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/reports/words"
	"drillbook/runbooks"
)

// logName is the file in a cell's folder with all that its run has said.
const logName = "run.log"

// processes carry out cells, each in one of its own: what a version needs is set in its
// environment, and one that breaks takes no other with it.
type processes struct {
	self string   // drillbook
	args []string // of every run

	mu      sync.Mutex // guards running
	running []*os.Process
}

// carry carries out a cell. If ctx ends, the run is told so, and heals and saves what it
// has.
func (p *processes) carry(ctx context.Context, c night.Cell, folder string) (code *int, lastWords string) {
	log, err := os.Create(filepath.Join(folder, logName)) //nolint:gosec // below the folder of the run
	if err != nil {
		return nil, err.Error()
	}
	defer func() { _ = log.Close() }() // what is worth keeping is in the record
	args := append(slices.Clone(p.args), c.Runbook, "--out="+folder)
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		args = append(args, "--set="+name+"="+c.Params[name])
	}
	run := exec.CommandContext(ctx, p.self, args...) //nolint:gosec // drillbook itself
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	said := &keptEnd{log: log}
	run.Stdout, run.Stderr = log, said
	run.Env = append(os.Environ(), environmentOf(c)...)
	if err := run.Start(); err != nil {
		return nil, err.Error()
	}
	p.note(run.Process)
	err = run.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && !exit.Exited() {
		return nil, exit.Error()
	}
	n := run.ProcessState.ExitCode()
	return &n, said.lastLine()
}

// environmentOf are the variables of a cell's version.
func environmentOf(c night.Cell) []string {
	var env []string
	if c.Image != "" {
		env = append(env, imageVariable(c.Product)+"="+c.Image)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		env = append(env, name+"="+c.Env[name])
	}
	return env
}

func (p *processes) note(run *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, run)
}

// signal asks all runs once more to end.
func (p *processes) signal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, run := range p.running {
		_ = run.Signal(syscall.SIGTERM) // those that have ended are gone
	}
}

// keptEnd writes to a log and keeps the end of it.
type keptEnd struct {
	log  *os.File
	kept []byte
}

func (k *keptEnd) Write(text []byte) (int, error) {
	const most = 4096
	k.kept = append(k.kept, text...)
	k.kept = bytes.Clone(k.kept[max(0, len(k.kept)-most):])
	return k.log.Write(text)
}

func (k *keptEnd) lastLine() string {
	lines := strings.Split(strings.TrimSpace(string(k.kept)), "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "drillbook: ")
}

// enough finds out whether this machine has room for another drill: whether the probes of
// those that run are within the bound, and whether one beside them still measures outages of
// known length within it.
func enough(p drill.Probe, lib runbooks.Library, w words.Words) room {
	return func(ctx context.Context, beside []night.Cell, erred time.Duration) (string, error) {
		settings := p.Calibration()
		bound := calibrate.Bound(settings, promised(lib, beside))
		if erred > bound {
			return w.Say("night.erred", "error", w.Duration(erred), "bound", w.Duration(bound)), nil
		}
		trials, err := calibrate.Quick(ctx, settings, bound)
		if err != nil {
			return "", fmt.Errorf("calibrate the probe: %w", err)
		}
		for _, t := range trials {
			if !t.Within(bound) {
				return w.Say("night.over-bound", "how", w.Say("probe.how."+string(t.Kind)), "truth",
					w.Duration(t.Truth), "bracket", w.Bracket(t.Measured, false), "bound", w.Duration(bound)), nil
			}
		}
		return "", nil
	}
}
