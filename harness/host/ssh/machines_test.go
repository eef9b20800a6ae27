package ssh_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/ssh"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everyEnv has the tests on machines run, which must be made first.
const everyEnv = "DRILLBOOK_EVERY_SSH"

// machines are containers with an sshd, which a shell script has set up: a, b and jump.
type machines struct {
	*container.Host

	settings string // that ssh reads
	known    string // file of known hosts
	run      string
}

func start(t *testing.T) *machines {
	t.Helper()
	if os.Getenv(everyEnv) == "" {
		t.Skip("make ssh does it")
	}
	ctx, dir := t.Context(), t.TempDir()
	image := host.Image{Name: "sshd", Base: images.Debian(), Files: os.DirFS(filepath.Join("testdata", "machine"))}
	_, err := container.EnsureImage(ctx, image, container.Making{Progress: func(s string) { t.Log(s) }})
	must(t, err)
	run := fmt.Sprintf("test-%08x", mathrand.Uint32())
	h, err := container.Open(ctx, container.Config{Run: run, NetAdmin: images.NetAdmin()})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(t.Context())) })
	m := &machines{h, filepath.Join(dir, "config"), filepath.Join(dir, "known"), run}
	key, public := newKey(t)
	must(t, os.WriteFile(filepath.Join(dir, "key"), key, 0o600))
	names := []string{"a", "b", "jump"}
	errs, keys := make([]error, len(names)), make([]string, len(names))
	var launching sync.WaitGroup
	for i, name := range names {
		launching.Go(func() { keys[i], errs[i] = m.launch(ctx, image, name, public) })
	}
	launching.Wait()
	must(t, errors.Join(errs...))
	var config, known strings.Builder
	for i, name := range names {
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n", name, m.ip(t, name, host.Public))
		fmt.Fprintf(&known, "%s %s\n", m.ip(t, name, host.Public), keys[i])
	}
	fmt.Fprintf(&config, "Host far\n  HostName %s\n  ProxyJump jump\n", m.ip(t, "b", host.Public))
	fmt.Fprintf(&config, "Host *\n  User dba\n  IdentityFile %s\n  IdentityAgent none\n  UserKnownHostsFile %s\n"+
		"  GlobalKnownHostsFile /dev/null\n", filepath.Join(dir, "key"), m.known)
	must(t, os.WriteFile(m.settings, []byte(config.String()), 0o600))
	must(t, os.WriteFile(m.known, []byte(known.String()), 0o600))
	return m
}

// launch starts a machine that lets the key in, and returns its own.
func (m *machines) launch(ctx context.Context, image host.Image, name, public string) (string, error) {
	n, err := m.Launch(ctx, host.Spec{Name: name, Image: image, Ports: []int{22}, NetAdmin: true})
	if err != nil {
		return "", err
	}
	answer, err := n.Exec(ctx, host.Command{User: "root", Stdin: public, Argv: []string{"sh", "-ec", `
cat >/home/dba/.ssh/authorized_keys; chown dba:dba /home/dba/.ssh/authorized_keys
cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub`}})
	if err == nil && answer.Code != 0 {
		err = errors.New(answer.Stderr)
	}
	return strings.TrimSpace(answer.Stdout), err
}

func newKey(t *testing.T) (private []byte, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := xssh.MarshalPrivateKey(key, "")
	must(t, err)
	p, err := xssh.NewPublicKey(pub)
	must(t, err)
	return pem.EncodeToMemory(block), string(xssh.MarshalAuthorizedKey(p))
}

func (m *machines) node(t *testing.T, name string) host.Node {
	t.Helper()
	n, ok := m.Node(name)
	if !ok {
		t.Fatalf("no node %s", name)
	}
	return n
}

func (m *machines) ip(t *testing.T, name string, which host.Network) string {
	t.Helper()
	ip, err := host.IP(t.Context(), m.node(t, name), which)
	must(t, err)
	return ip
}

// root runs a line of shell on a machine, by the engine.
func (m *machines) root(t *testing.T, name, line string) string {
	t.Helper()
	answer, err := m.node(t, name).Exec(t.Context(), host.Command{User: "root", Argv: []string{"sh", "-c", line}})
	if err == nil && answer.Code != 0 {
		err = fmt.Errorf("%s: %d, %s", line, answer.Code, answer.Stderr)
	}
	must(t, err)
	return strings.TrimSpace(answer.Stdout)
}

// config is that of a run on machines that ssh calls so.
func (m *machines) config(t *testing.T, reaches ...string) ssh.Config {
	t.Helper()
	cfg := ssh.Config{Run: m.run, Settings: m.settings, Term: 5 * time.Second}
	for i, reach := range reaches {
		name := []string{"a", "b"}[i]
		cfg.Machines = append(cfg.Machines, ssh.Machine{
			Name: name, Reach: reach, User: "db", Env: map[string]string{"GREETING": "hello"},
			Public: m.ip(t, name, host.Public), Private: m.ip(t, name, host.Private),
		})
	}
	return cfg
}

func (m *machines) open(t *testing.T, reaches ...string) *ssh.Host {
	t.Helper()
	h, err := ssh.Open(t.Context(), m.config(t, reaches...))
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(t.Context())) })
	return h
}
