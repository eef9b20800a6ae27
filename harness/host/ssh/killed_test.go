package ssh_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/wait"
)

// harness names the variable with the configuration of a process that injects faults and is
// killed.
const harness = "DRILLBOOK_TEST_SSH"

// inForce is what the process has put in force on a.
func inForce(a string) host.Undo {
	return host.Undo{
		Node: a, Argv: []string{"rm", "-f", "/tmp/in-force"}, Done: []string{"test", "!", "-e", "/tmp/in-force"},
	}
}

// TestHarness is that process. It renews nothing, and never ends by itself.
func TestHarness(t *testing.T) {
	text := os.Getenv(harness)
	if text == "" {
		return // only TestKilled runs it
	}
	var cfg ssh.Config
	must(t, json.Unmarshal([]byte(text), &cfg))
	h, err := ssh.Open(t.Context(), cfg)
	must(t, err)
	if cfg.Machines[0].Power != nil {
		loseHost(t, h)
	}
	_, err = h.Lease(t.Context(), inForce("a"))
	must(t, err)
	a, _ := h.Node("a")
	answer, err := a.Exec(t.Context(), host.Command{Argv: []string{"touch", "/tmp/in-force"}})
	if err != nil || answer.Code != 0 {
		t.Fatal(answer, err)
	}
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b"})
	must(t, err)
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
	_, err = os.Stdout.WriteString("in force\n")
	must(t, err)
	<-t.Context().Done()
}

// loseHost cuts the power of a for good, and prints how that is undone.
func loseHost(t *testing.T, h *ssh.Host) {
	t.Helper()
	a, _ := h.Node("a")
	undo, ok := a.(host.Restorer).Restore()
	if !ok {
		t.Fatal("nobody knows how a is started")
	}
	text, err := json.Marshal(undo)
	must(t, err)
	must(t, a.Kill(t.Context()))
	_, err = os.Stdout.WriteString("undo " + string(text) + "\n")
	must(t, err)
	<-t.Context().Done()
}

// startHarness starts that process, and returns what it prints behind a prefix.
func startHarness(t *testing.T, cfg ssh.Config, prefix string) (cmd *exec.Cmd, said string) {
	t.Helper()
	text, err := json.Marshal(cfg)
	must(t, err)
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestHarness$", "-test.v")
	cmd.Env, cmd.Stderr = append(os.Environ(), harness+"="+string(text)), os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if said, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return cmd, said
		}
		t.Log(lines.Text())
	}
	t.Fatal("the harness has ended")
	return nil, ""
}

// A harness that is killed leaves nothing in force for longer than a term, although nobody
// heals: neither the kernel's part nor the watch's.
func TestKilled(t *testing.T) {
	t.Parallel()
	m := start(t)
	cfg := m.config(t, "a", "b")
	cmd, _ := startHarness(t, cfg, "in force")
	a := m.node(t, "a")
	left := func(ctx context.Context) error {
		answer, err := a.Exec(ctx, host.Command{User: "root", Argv: []string{"nft", "list", "ruleset"}})
		if strings.Contains(answer.Stdout, "expires") {
			err = errors.New("b is cut off")
		}
		return errors.Join(inForce("a").Confirm(ctx, a), err)
	}
	if err := left(t.Context()); err == nil {
		t.Error("nothing is in force")
	}
	began := time.Now()
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // that it was killed is no news
	must(t, wait.For(t.Context(), "the end of both", 4*cfg.Term, left))
	if took := time.Since(began); took > cfg.Term+2*time.Second { // a second to look
		t.Errorf("they ended after %s, want %s at most", took, cfg.Term+time.Second)
	}
}
