package ssh_test

import (
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
	"drillbook/harness/host/ssh/sshtest"
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
	*sshtest.Machines

	settings string // that ssh reads
	known    string // file of known hosts
	run      string
}

func start(t *testing.T) *machines {
	t.Helper()
	if os.Getenv(everyEnv) == "" {
		t.Skip("make ssh does it")
	}
	m, err := sshtest.Start(t.Context(), sshtest.Config{
		Dir: t.TempDir(), NetAdmin: images.NetAdmin(), Names: []string{"a", "b", sshtest.Jump},
		Image: host.Image{
			Name: "sshd", Base: images.Debian(), Files: os.DirFS(filepath.Join("testdata", "machine")),
		},
		Progress: func(s string) { t.Log(s) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, m.Close(t.Context())) })
	run := fmt.Sprintf("test-%08x", mathrand.Uint32())
	return &machines{m, m.Settings, m.Known, run}
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
	ip, err := m.IP(t.Context(), name, which)
	must(t, err)
	return ip
}

// root runs a line of shell on a machine, by the engine.
func (m *machines) root(t *testing.T, name, line string) string {
	t.Helper()
	said, err := m.Root(t.Context(), name, line)
	must(t, err)
	return said
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
