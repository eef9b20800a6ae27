// Package sshtest has machines for tests of what is reached by ssh: containers with an sshd,
// which the image has set up as their owner does.
package sshtest

import (
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

	"golang.org/x/crypto/ssh"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// Jump is the name of a machine by way of which the others are reached too: as far-NAME.
const Jump = "jump"

// Machines are containers with an sshd. They are known to ssh, by their names, through a file
// of settings of their own.
type Machines struct {
	*container.Host

	Settings string // file that ssh reads
	Known    string // file of known hosts
	tb       testing.TB
}

// Start launches the machines from an image that has a user dba, with a folder .ssh. They are
// removed when the test ends.
func Start(tb testing.TB, image host.Image, netAdmin host.Image, names ...string) *Machines {
	tb.Helper()
	ctx, dir := tb.Context(), tb.TempDir()
	making := container.Making{Progress: func(s string) { tb.Log(s) }}
	if _, err := container.EnsureImage(ctx, image, making); err != nil {
		tb.Fatal(err)
	}
	run := fmt.Sprintf("test-%08x", mathrand.Uint32()) //nolint:gosec // a name, not a secret
	h, err := container.Open(ctx, container.Config{Run: run, NetAdmin: netAdmin, Making: making})
	if err != nil {
		tb.Fatal(err)
	}
	m := &Machines{h, filepath.Join(dir, "config"), filepath.Join(dir, "known"), tb}
	tb.Cleanup(func() { m.must(h.Close(tb.Context())) })
	private, public, err := newKey()
	m.must(errors.Join(err, os.WriteFile(filepath.Join(dir, "key"), private, 0o600)))
	keys, errs := make([]string, len(names)), make([]error, len(names))
	var launching sync.WaitGroup
	for i, name := range names {
		launching.Go(func() { keys[i], errs[i] = m.launch(image, name, public) })
	}
	launching.Wait()
	m.must(errors.Join(errs...))
	m.must(m.write(names, keys, filepath.Join(dir, "key")))
	return m
}

// launch starts a machine that lets the key in, and returns its own.
func (m *Machines) launch(image host.Image, name, public string) (string, error) {
	ctx := m.tb.Context()
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

// write writes what ssh reads.
func (m *Machines) write(names, keys []string, key string) error {
	var config, known strings.Builder
	for i, name := range names {
		ip := m.IP(name, host.Public)
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n", name, ip)
		fmt.Fprintf(&config, "Host far-%s\n  HostName %s\n  ProxyJump %s\n", name, ip, Jump)
		fmt.Fprintf(&known, "%s %s\n", ip, keys[i])
	}
	fmt.Fprintf(&config, "Host *\n  User dba\n  IdentityFile %s\n  IdentityAgent none\n  UserKnownHostsFile %s\n"+
		"  GlobalKnownHostsFile /dev/null\n", key, m.Known)
	return errors.Join(os.WriteFile(m.Settings, []byte(config.String()), 0o600),
		os.WriteFile(m.Known, []byte(known.String()), 0o600))
}

func newKey() (private []byte, public string, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, "", err
	}
	p, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, "", err
	}
	return pem.EncodeToMemory(block), string(ssh.MarshalAuthorizedKey(p)), nil
}

func (m *Machines) must(err error) {
	m.tb.Helper()
	if err != nil {
		m.tb.Fatal(err)
	}
}

// Machine is the container of that name.
func (m *Machines) Machine(name string) host.Node {
	m.tb.Helper()
	n, ok := m.Node(name)
	if !ok {
		m.tb.Fatalf("no machine %s", name)
	}
	return n
}

// IP is a machine's address.
func (m *Machines) IP(name string, which host.Network) string {
	m.tb.Helper()
	ip, err := host.IP(m.tb.Context(), m.Machine(name), which)
	m.must(err)
	return ip
}

// Root runs a line of shell as root on a machine, by the engine and not by ssh.
func (m *Machines) Root(name, line string) string {
	m.tb.Helper()
	c := host.Command{User: "root", Argv: []string{"bash", "-c", line}}
	answer, err := m.Machine(name).Exec(m.tb.Context(), c)
	if err == nil && answer.Code != 0 {
		err = fmt.Errorf("%s on %s: %d, %s%s", line, name, answer.Code, answer.Stdout, answer.Stderr)
	}
	m.must(err)
	return strings.TrimSpace(answer.Stdout)
}
