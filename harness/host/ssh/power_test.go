package ssh_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
	"drillbook/harness/wait"
)

// fence gives a machine of the tests a power supply: a program that asks this process, as a
// fence agent asks a management board. It is called with what to do.
func (m *machines) fence(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	ask, tell, program := filepath.Join(dir, "ask"), filepath.Join(dir, "tell"), filepath.Join(dir, "fence_test")
	must(t, errors.Join(syscall.Mkfifo(ask, 0o600), syscall.Mkfifo(tell, 0o600)))
	must(t, os.WriteFile(program, []byte(fmt.Sprintf("#!/bin/sh\necho \"$1\" >%s\nread -r code said <%s\n"+
		"echo \"Status: $said\"\nexit \"$code\"\n", ask, tell)), 0o700))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			asked, err := os.ReadFile(ask)
			if word := strings.TrimSpace(string(asked)); err != nil || word == "end" {
				return
			} else if err := os.WriteFile(tell, []byte(m.fenced(t, name, word)), 0o600); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() {
		must(t, os.WriteFile(ask, []byte("end\n"), 0o600))
		<-ended
	})
	return program
}

// fenced does what a fence agent does, and says its code and the status.
func (m *machines) fenced(t *testing.T, name, word string) string {
	t.Helper()
	n := m.node(t, name)
	var err error
	switch word {
	case "off":
		err = n.Kill(t.Context())
	case "on":
		err = n.Start(t.Context())
	}
	if err != nil {
		return "1 " + err.Error() + "\n"
	}
	state, err := host.StateOf(t.Context(), n)
	if err != nil {
		return "1 " + err.Error() + "\n"
	}
	if state == host.Ended && word == "status" {
		return "2 OFF\n"
	} else if state == host.Ended {
		return "0 OFF\n"
	}
	return "0 ON\n"
}

// booted waits until a machine lets people in.
func (m *machines) booted(t *testing.T, name string) {
	t.Helper()
	at := net.JoinHostPort(m.ip(t, name, host.Public), "22")
	must(t, wait.For(t.Context(), "its sshd", time.Minute, func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
		if err == nil {
			err = c.Close()
		}
		return err
	}))
}

// The power of a machine is cut, confirmed and switched on again; meanwhile nobody waits for
// it, and afterwards commands run there as before.
func TestPower(t *testing.T) {
	t.Parallel()
	m := start(t)
	fence := m.fence(t, "a")
	for _, tt := range []struct {
		name   string
		status []string
		person bool
		how    string
	}{
		{"with a status", []string{fence, "status"}, false, "fence_test says that it is off"},
		{"by silence", nil, false, "is cut by fence_test; that it is off is told by its silence alone"},
		{"by a person", nil, true, "a person, asked on the terminal, cuts the power"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := m.config(t, "a", "b")
			cfg.Machines[0].Power = &ssh.Power{
				Off: []string{fence, "off"}, On: []string{fence, "on"}, Status: tt.status, Person: tt.person,
			}
			h, err := ssh.Open(t.Context(), cfg)
			must(t, err)
			defer func() { must(t, h.Close(t.Context())) }()
			found, _ := h.Node("a")
			a := found.(*ssh.Node)
			isIn := func(want host.State) {
				t.Helper()
				if got, err := a.State(t.Context()); got != want || err != nil {
					t.Errorf("it is %q, %v, want %q", got, err, want)
				}
			}
			if how := a.KillMechanism().Text; !strings.Contains(how, tt.how) || strings.Contains(how, fence) {
				t.Errorf("it is done so: %s", how)
			}
			isIn(host.Running)
			for range 2 {
				must(t, a.Kill(t.Context()))
				isIn(host.Ended)
			}
			began := time.Now()
			if _, err := a.Exec(t.Context(), host.Command{Argv: []string{"true"}}); err == nil ||
				!strings.Contains(err.Error(), "the power of the machine is off") || time.Since(began) > time.Second {
				t.Errorf("after %s a command: %v", time.Since(began), err)
			}
			for range 2 {
				must(t, a.Start(t.Context()))
				isIn(host.Running)
			}
			answer, err := a.Exec(t.Context(), host.Command{Argv: []string{"id", "-un"}})
			if err != nil || answer.Stdout != "db\n" {
				t.Errorf("after Start: %+v, %v", answer, err)
			}
			_, err = h.Lease(t.Context(), inForce("a"))
			must(t, err)
			other := m.config(t, "a")
			other.Run = "other"
			if _, err := ssh.Open(t.Context(), other); !errors.Is(err, ssh.ErrBusy) {
				t.Errorf("after Start another run: %v", err)
			}
			must(t, a.Kill(t.Context()))
			began = time.Now()
			if err := h.Close(t.Context()); err != nil || time.Since(began) > 5*time.Second {
				t.Errorf("while it is off, Close: %v after %s", err, time.Since(began))
			}
			m.fenced(t, "a", "on")
			m.booted(t, "a")
		})
	}
}

// What does not switch the power leaves a machine that can be reached, and says so without
// its arguments.
func TestNoPower(t *testing.T) {
	t.Parallel()
	m := start(t)
	cfg := m.config(t, "a")
	bad := []string{"sh", "-c", "echo not today >&2; exit 3", "hidden"}
	cfg.Machines[0].Power = &ssh.Power{Off: bad, On: bad, Status: []string{"echo", "power is unknown"}}
	h, err := ssh.Open(t.Context(), cfg)
	must(t, err)
	defer func() { must(t, h.Close(t.Context())) }()
	a, _ := h.Node("a")
	if err := a.Kill(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "sh ended here with code 3: not today") ||
		strings.Contains(err.Error(), "hidden") {
		t.Errorf("Kill = %v", err)
	}
	if state, err := host.StateOf(t.Context(), a); err == nil || !strings.Contains(err.Error(), "neither on nor off") {
		t.Errorf("its state is %q, %v", state, err)
	}
	if answer, err := a.Exec(t.Context(), host.Command{Argv: []string{"echo", "here"}}); answer.Stdout != "here\n" {
		t.Errorf("it cannot be reached: %v", err)
	}
}

// A person is asked on the terminal, in both languages; where there is none, nobody can be.
func TestPersonIsAsked(t *testing.T) {
	t.Parallel()
	p := ssh.ByPerson("db1 (db1.example)")
	for argv, want := range map[*[]string][]string{
		&p.Off: {"Cut the power of this machine now: db1 (db1.example)", "请切断这台机器的电源： db1 (db1.example)"},
		&p.On:  {"Switch on the power of this machine now: db1 (db1.example)", "请接通这台机器的电源： db1"},
	} {
		asked := exec.CommandContext(t.Context(), (*argv)[0], (*argv)[1:]...)
		terminal, err := pty.Start(asked)
		must(t, err)
		said, _ := io.ReadAll(terminal) // EIO is how its end is told
		must(t, errors.Join(asked.Wait(), terminal.Close()))
		for _, w := range want {
			if !strings.Contains(string(said), w) {
				t.Errorf("it says %q, want %q", said, w)
			}
		}
		nobody := exec.CommandContext(t.Context(), (*argv)[0], (*argv)[1:]...)
		nobody.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		said, err = nobody.CombinedOutput()
		if err == nil || string(said) != "nobody can be asked: there is no terminal\n" {
			t.Errorf("without a terminal: %v, %q", err, said)
		}
	}
}

// A harness that is killed while a machine is off leaves what switches it on.
func TestUndoPower(t *testing.T) {
	t.Parallel()
	m := start(t)
	fence := m.fence(t, "a")
	for _, status := range [][]string{{fence, "status"}, nil} {
		cfg := m.config(t, "a")
		cfg.Machines[0].Power = &ssh.Power{Off: []string{fence, "off"}, On: []string{fence, "on"}, Status: status}
		cmd, text := startHarness(t, cfg, "undo ")
		must(t, cmd.Process.Kill())
		_ = cmd.Wait() // that it was killed is no news
		if state, err := host.StateOf(t.Context(), m.node(t, "a")); state != host.Ended {
			t.Fatalf("a is %s, %v", state, err)
		}
		var undo host.Undo
		must(t, json.Unmarshal([]byte(text), &undo))
		must(t, ssh.Undo(t.Context(), undo))
		must(t, ssh.Undo(t.Context(), undo)) // it may be done again
		if state, err := host.StateOf(t.Context(), m.node(t, "a")); state != host.Running {
			t.Fatalf("a is %s, %v", state, err)
		}
		m.booted(t, "a")
		h, err := ssh.Open(t.Context(), cfg)
		must(t, err)
		must(t, h.Close(t.Context()))
		if !undo.Local || !undo.Attended {
			t.Errorf("the undo is %+v", undo)
		}
	}
}
