package ssh_test

import (
	"errors"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
)

// One run at a time is at work on a machine, also when its connection breaks; one that has
// lost its place to another does nothing more. Who undoes waits for nobody.
func TestLock(t *testing.T) {
	t.Parallel()
	m := start(t)
	h := m.open(t, "a", "b")
	other := m.config(t, "b")
	other.Run = "other"
	other.Machines[0].Name = "b"
	refused := func(when string) {
		t.Helper()
		_, err := ssh.Open(t.Context(), other)
		if !errors.Is(err, ssh.ErrBusy) || !strings.Contains(err.Error(), "another drill is under way on b: ") ||
			!strings.Contains(err.Error(), ", run "+m.run+", since 2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s another run: %v", when, err)
		}
	}
	works := func(h *ssh.Host) error {
		n, _ := h.Node("b")
		_, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}})
		return err
	}
	refused("at once")
	m.root(t, "b", "pkill -9 -u dba sshd; true") // the script is told by the end of what it reads
	must(t, works(h))
	refused("after the connection has broken")
	undo := inForce("b")
	undo.Reach = h.Reach("b")
	must(t, ssh.Undo(t.Context(), undo)) // which removes the folder of that run, too
	m.root(t, "b", "pkill -9 -u dba sshd; true")
	second, err := ssh.Open(t.Context(), other)
	must(t, err)
	defer func() { must(t, second.Close(t.Context())) }()
	for range 2 {
		if err := works(h); !errors.Is(err, ssh.ErrBusy) || !strings.Contains(err.Error(), "the lock was lost") {
			t.Errorf("the one that has lost it: %v", err)
		}
	}
	must(t, h.Close(t.Context()))
	must(t, works(second))
}

// What site sudoers prints is all that a machine needs, and is no more.
func TestSudoers(t *testing.T) {
	t.Parallel()
	m := start(t)
	lines := strings.Join(ssh.Sudoers("dba", "db"), "\n")
	m.root(t, "a", "rm -rf /run/drillbook; cat >/etc/sudoers.d/drill <<'END'\n"+lines+"\nEND\nvisudo -c")
	h := m.open(t, "a")
	n, _ := h.Node("a")
	answer, err := n.Exec(t.Context(), host.Command{User: "root", Argv: []string{"nft", "list", "ruleset"}})
	if err != nil || answer.Code != 0 {
		t.Errorf("nft: %+v, %v", answer, err)
	}
	if _, err := n.Exec(t.Context(), host.Command{User: "root", Argv: []string{"id"}}); err == nil ||
		!strings.Contains(err.Error(), "`dba ALL=(root) NOPASSWD: /usr/bin/id`") {
		t.Errorf("root runs anything: %v", err)
	}
	if lines := ssh.Sudoers("root", "db"); lines != nil {
		t.Errorf("root needs %q", lines)
	}
}
