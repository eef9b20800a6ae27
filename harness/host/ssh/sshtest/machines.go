// Package sshtest has machines for tests of what is reached by ssh: containers with an sshd,
// which the image has set up as their owner does.
package sshtest

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

	"golang.org/x/crypto/ssh"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// Jump is the name of a machine by way of which the others are reached too: as far-NAME.
const Jump = "jump"

// Machines are containers with an sshd. They are known to ssh, by their names, through a file
// of settings of their own. Close removes them.
type Machines struct {
	*container.Host

	Settings string // file that ssh reads
	Known    string // file of known hosts
}

// Config says which machines there are.
type Config struct {
	Dir      string     // for what ssh reads
	Image    host.Image // that has a user dba, with a folder .ssh
	NetAdmin host.Image
	Names    []string
	Progress func(line string)
}

// Start launches the machines. On error nothing is left.
func Start(ctx context.Context, cfg Config) (*Machines, error) {
	making := container.Making{Progress: cfg.Progress}
	if _, err := container.EnsureImage(ctx, cfg.Image, making); err != nil {
		return nil, err
	}
	run := fmt.Sprintf("test-%08x", mathrand.Uint32()) //nolint:gosec // a name, not a secret
	h, err := container.Open(ctx, container.Config{Run: run, NetAdmin: cfg.NetAdmin, Making: making})
	if err != nil {
		return nil, err
	}
	m := &Machines{h, filepath.Join(cfg.Dir, "config"), filepath.Join(cfg.Dir, "known")}
	if err := m.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
	}
	return m, nil
}

func (m *Machines) start(ctx context.Context, cfg Config) error {
	private, public, err := newKey()
	if err != nil {
		return err
	}
	key := filepath.Join(cfg.Dir, "key")
	if err := os.WriteFile(key, private, 0o600); err != nil {
		return err
	}
	keys, errs := make([]string, len(cfg.Names)), make([]error, len(cfg.Names))
	var launching sync.WaitGroup
	for i, name := range cfg.Names {
		launching.Go(func() { keys[i], errs[i] = m.launch(ctx, cfg.Image, name, public) })
	}
	launching.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return m.write(ctx, cfg.Names, keys, key)
}

// launch starts a machine that lets the key in, and returns its own.
func (m *Machines) launch(ctx context.Context, image host.Image, name, public string) (string, error) {
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
func (m *Machines) write(ctx context.Context, names, keys []string, key string) error {
	var config, known strings.Builder
	for i, name := range names {
		ip, err := m.IP(ctx, name, host.Public)
		if err != nil {
			return err
		}
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

// IP is a machine's address.
func (m *Machines) IP(ctx context.Context, name string, which host.Network) (string, error) {
	n, ok := m.Node(name)
	if !ok {
		return "", fmt.Errorf("there is no machine %s", name)
	}
	return host.IP(ctx, n, which)
}

// Root runs a line of bash as root on a machine, by the engine and not by ssh.
func (m *Machines) Root(ctx context.Context, name, line string) (string, error) {
	n, ok := m.Node(name)
	if !ok {
		return "", fmt.Errorf("there is no machine %s", name)
	}
	answer, err := n.Exec(ctx, host.Command{User: "root", Argv: []string{"bash", "-c", line}})
	if err == nil && answer.Code != 0 {
		err = fmt.Errorf("%s on %s: %d, %s%s", line, name, answer.Code, answer.Stdout, answer.Stderr)
	}
	return strings.TrimSpace(answer.Stdout), err
}
