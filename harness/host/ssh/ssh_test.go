package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
	"drillbook/harness/hosttest"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/wait"
)

// Machines that stay are as good as nodes that are launched, by way of a jump host too,
// whatever their shells print and are; and nothing is left on them.
func TestKept(t *testing.T) {
	t.Parallel()
	m := start(t)
	m.root(t, "a", `echo 'echo welcome; echo mind the step >&2' >/home/dba/.bashrc
		echo no trespassing >/etc/motto; echo 'Banner /etc/motto' >>/etc/ssh/sshd_config; kill -HUP $(pgrep -o sshd)`)
	m.root(t, "b", "usermod --shell /bin/tcsh dba; echo 'echo hello from csh' >/home/dba/.cshrc")
	h := m.open(t, "a", "far-b")
	for _, name := range []string{"a", "b"} {
		n, _ := h.Node(name)
		if err := hosttest.CheckKept(t.Context(), h, n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Run("broken connection", func(t *testing.T) { testReconnect(t, m, h) })
	must(t, h.Close(t.Context()))
	must(t, h.Close(t.Context()))
	for _, name := range []string{"a", "b"} {
		if left := m.root(t, name, "ls -A --ignore=lock /run/drillbook; pgrep -u db -l || true"); left != "" {
			t.Errorf("on %s is left %s", name, left)
		}
	}
}

// A connection that breaks is opened anew by the next command.
func testReconnect(t *testing.T, m *machines, h *ssh.Host) {
	t.Helper()
	n, _ := h.Node("a")
	m.root(t, "a", "pkill -9 -u dba sshd; true")
	answer, err := n.Exec(t.Context(), host.Command{Argv: []string{"echo", "again"}})
	if err != nil || answer.Stdout != "again\n" {
		t.Errorf("after the connection has broken: %+v, %v", answer, err)
	}
}

// What a machine must undo by itself it does, within a second of the term, while nobody is
// connected any more; and not while it is renewed, or after it was released.
func TestLeases(t *testing.T) {
	t.Parallel()
	m := start(t)
	h := m.open(t, "a", "b")
	a, _ := h.Node("a")
	undo := host.Undo{
		Node: "a", Reach: h.Reach("a"),
		Argv:  []string{"sh", "-c", `rm -f "$0"; cat >"$1"`, "/tmp/in-force", "/tmp/undone"},
		Stdin: "it's me\n", Done: []string{"test", "!", "-e", "/tmp/in-force"},
	}
	inForce := func() bool { return undo.Confirm(t.Context(), m.node(t, "a")) != nil }
	m.root(t, "a", "touch /tmp/in-force; chmod 1777 /tmp; chown db /tmp/in-force")

	kept, err := h.Lease(t.Context(), undo)
	must(t, err)
	for began := time.Now(); time.Since(began) < 3*h.Term(); {
		must(t, kept.Renew(t.Context()))
		if !inForce() {
			t.Fatal("it was undone while it was renewed")
		}
		must(t, wait.Duration(t.Context(), time.Second))
	}
	must(t, kept.Release(t.Context()))
	must(t, wait.Duration(t.Context(), h.Term()+time.Second))
	if !inForce() {
		t.Error("it was undone although it was released")
	}

	lapses, err := h.Lease(t.Context(), undo)
	must(t, err)
	must(t, lapses.Renew(t.Context()))
	began := time.Now()
	m.root(t, "a", "pkill -9 -u dba sshd; true") // as the end of the harness does
	must(t, wait.For(t.Context(), "the undo", 3*h.Term(), func(context.Context) error {
		if inForce() {
			return errors.New("it is in force")
		}
		return nil
	}))
	if took := time.Since(began); took < h.Term()-time.Second || took > h.Term()+2*time.Second {
		t.Errorf("it was undone after %s, want %s", took, h.Term())
	}
	if said := m.root(t, "a", "cat /tmp/undone"); said != "it's me" {
		t.Errorf("the undo read %q", said)
	}
	if err := lapses.Renew(t.Context()); !errors.Is(err, host.ErrLapsed) {
		t.Errorf("Renew afterwards = %v, want that it has lapsed", err)
	}
	must(t, lapses.Release(t.Context()))
	if err := a.(*ssh.Node).Start(t.Context()); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("Start = %v", err)
	}
}

// A harness that is gone leaves a fault and its ledger: what that says is enough.
func TestUndo(t *testing.T) {
	t.Parallel()
	m := start(t)
	h, err := ssh.Open(t.Context(), m.config(t, "a"))
	must(t, err)
	undo := host.Undo{
		Node: "a", Reach: h.Reach("a"), Argv: []string{"rm", "-f", "/tmp/in-force"},
		Done: []string{"test", "!", "-e", "/tmp/in-force"},
	}
	_, err = h.Lease(t.Context(), undo)
	must(t, err)
	m.root(t, "a", "touch /tmp/in-force; chown db /tmp/in-force")
	must(t, ssh.Undo(t.Context(), undo))
	left := m.root(t, "a", "ls -A --ignore=lock /run/drillbook; ls /tmp/in-force 2>/dev/null; pgrep -u db -l || true")
	if left != "" {
		t.Errorf("there is left %q", left)
	}
	must(t, h.Close(t.Context()))
	undo.Done = []string{"false"}
	if err := ssh.Undo(t.Context(), undo); err == nil {
		t.Error("an undo that does nothing is believed")
	}
}

// A cut between two machines, and from here, ends by itself and spares the way of the harness.
func TestCut(t *testing.T) {
	t.Parallel()
	m := start(t)
	h := m.open(t, "a", "b")
	network, err := cut.New(h)
	must(t, err)
	a, _ := h.Node("a")
	b, _ := h.Node("b")
	reach := []string{"bash", "-c", "exec 3<>/dev/tcp/" + m.ip(t, "a", host.Private) + "/22"}
	answer, err := b.Exec(t.Context(), host.Command{Argv: reach})
	if err != nil || answer.Code != 0 {
		t.Fatalf("before the cut b does not reach a: %+v, %v", answer, err)
	}
	for _, r := range []link.Route{{From: "a", To: "b"}, {To: "a", Over: host.Public, Port: 22}} {
		l, err := network.Link(t.Context(), r)
		must(t, err)
		undo, err := l.(link.Undoer).Undo(t.Context())
		must(t, err)
		must(t, undo.Confirm(t.Context(), a))
		must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
		lease, err := h.Lease(t.Context(), undo)
		must(t, err)
		if r.From != "" { // of the other, ssh itself is the port that is spared
			_, err = l.Confirm(t.Context())
			must(t, err)
		}
		must(t, lease.Renew(t.Context()))
		must(t, wait.For(t.Context(), "the end of the cut", 3*h.Term(), func(ctx context.Context) error {
			if err := lease.Renew(ctx); !errors.Is(err, host.ErrLapsed) {
				return fmt.Errorf("in force: %w", errors.Join(err, wait.Duration(ctx, h.Term()+time.Second)))
			}
			return nil
		}))
		must(t, undo.Run(t.Context(), a))
		must(t, lease.Release(t.Context()))
	}
	m.root(t, "a", "mv /usr/sbin/nft /usr/sbin/nft.off")
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b"})
	must(t, err)
	if err := l.Impose(t.Context(), link.Condition{Kind: link.Drop}); err == nil ||
		!strings.Contains(err.Error(), "a has no nft: install it there") {
		t.Errorf("without nft: %v", err)
	}
}

// What keeps a drill from a machine is said in a line: what, where, what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	m := start(t)
	known, err := os.ReadFile(m.known)
	must(t, err)
	keys := strings.Split(strings.TrimSpace(string(known)), "\n")
	_, keyOfB, _ := strings.Cut(keys[1], " ")
	ipOfA := m.ip(t, "a", host.Public)
	for _, tt := range []struct {
		name    string
		known   string
		prepare string // on a
		restore string
		reaches []string
		want    []string
	}{
		{
			"an unknown host key", keys[1], "", "",
			[]string{"a"},
			[]string{"ssh-ed25519 SHA256:", "stands in " + m.known, "-F ", " a` once"},
		},
		{
			"a changed host key", "# old\n" + ipOfA + " " + keyOfB, "", "",
			[]string{"a"},
			[]string{"line 2 of " + m.known, "ssh-keygen -R", "ask who runs "},
		},
		{"one machine under two names", string(known), "", "", []string{"a", "a"}, []string{"lead to one machine"}},
		{
			"sudo that wants a password", string(known),
			"sed -i 's/(db) NOPASSWD/(db) PASSWD/' /etc/sudoers.d/drill",
			"sed -i 's/(db) PASSWD/(db) NOPASSWD/' /etc/sudoers.d/drill",
			[]string{"a"},
			[]string{"a password is required", "`dba ALL=(db) NOPASSWD: ALL`", "/etc/sudoers.d/drillbook"},
		},
		{
			"sudo that does not make the folder", string(known),
			"rm -rf /run/drillbook; sed -i 's/(root) NOPASSWD/(root) PASSWD/' /etc/sudoers.d/drill",
			"sed -i 's/(root) PASSWD/(root) NOPASSWD/' /etc/sudoers.d/drill",
			[]string{"a"},
			[]string{"`dba ALL=(root) NOPASSWD: /usr/bin/install -d -m 1777 /run/drillbook`"},
		},
		{
			"no flock", string(known), "mv /usr/bin/flock /usr/bin/flock.off", "mv /usr/bin/flock.off /usr/bin/flock",
			[]string{"a"},
			[]string{"a has no flock", "install util-linux"},
		},
		{
			"a login shell that runs nothing", string(known), "usermod --shell /usr/sbin/nologin dba",
			"usermod --shell /bin/bash dba",
			[]string{"a"},
			[]string{"the login shell of a runs no command", "not available"},
		},
		{
			"a key that is not let in", string(known), "mv /home/dba/.ssh /home/dba/off",
			"mv /home/dba/off /home/dba/.ssh",
			[]string{"a"},
			[]string{" a true` must work without a question"},
		},
		{"nobody there", string(known), "", "", []string{"nobody@192.0.2.1"}, []string{"192.0.2.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			must(t, os.WriteFile(m.known, []byte(tt.known), 0o600))
			if tt.prepare != "" {
				m.root(t, "a", tt.prepare)
				defer m.root(t, "a", tt.restore)
			}
			h, err := ssh.Open(t.Context(), m.config(t, tt.reaches...))
			if err == nil {
				must(t, h.Close(t.Context()))
				t.Fatal("it is taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %q, want %q in it", err, want)
				}
			}
			if now, err := os.ReadFile(m.known); err != nil || string(now) != tt.known {
				t.Errorf("the known hosts were changed: %q, %v", now, err)
			}
			if left := m.root(t, "a", "ls -A --ignore=lock /run/drillbook 2>/dev/null; true"); left != "" {
				t.Errorf("there is left %s", left)
			}
		})
	}
}

// A console shows what the program prints, byte for byte, and nothing that is typed.
func TestAttach(t *testing.T) {
	t.Parallel()
	m := start(t)
	h := m.open(t, "a")
	n, _ := h.Node("a")
	k, err := n.(host.Attacher).Attach(t.Context(), host.Command{
		Argv: []string{"sh", "-c", `id -un; read -r said; printf 'said %s\n' "$said"; cat`}, Typed: "it is\n",
	})
	must(t, err)
	buf := make([]byte, len("db\nsaid it is\n"))
	_, err = io.ReadFull(k, buf)
	must(t, err)
	if got := string(buf); got != "db\nsaid it is\n" {
		t.Errorf("it shows %q", got)
	}
	must(t, k.Close())
	must(t, k.Close())
	if left := m.root(t, "a", "pgrep -u db -l || true"); left != "" {
		t.Errorf("after Close there is left %s", left)
	}
}
