package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
)

// ownPassword is that of the person's user.
const ownPassword = "s3cret of the pair"

// ownServer is a PostgreSQL server that no drillbook has made.
type ownServer struct {
	bin, dir string
	port     int
	as       *syscall.SysProcAttr
}

// ownPair is a primary and its standby, with TLS and passwords, as people have them.
type ownPair struct {
	a, b     ownServer
	passfile string
	ca       string
}

// postgresPrograms is where the distribution has them.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	takesLong(t)
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Skip("no PostgreSQL server here: apt-get install postgresql")
	}
	return filepath.Dir(found[len(found)-1])
}

// newPair makes a pair that replicates.
func newPair(t *testing.T) ownPair {
	t.Helper()
	bin := postgresPrograms(t)
	root, err := os.MkdirTemp("", "p") //nolint:usetesting // the servers' user must get there
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	as := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 { // which servers refuse to run as
		u, err := user.Lookup("postgres")
		must(t, err)
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		must(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		must(t, err)
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		must(t, os.Chown(root, int(uid), int(gid)))
	}
	p := ownPair{
		a: ownServer{bin, filepath.Join(root, "a"), freePort(t), as},
		b: ownServer{bin, filepath.Join(root, "b"), freePort(t), as},
	}
	p.passfile, p.ca = filepath.Join(t.TempDir(), "pgpass"), filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(p.passfile, []byte("*:*:*:app:"+ownPassword+"\n"), 0o600))
	p.a.program(t, "initdb", "-D", p.a.dir, "-A", "trust", "-U", "postgres", "--no-sync")
	key, cert := certificate(t)
	must(t, os.WriteFile(p.ca, cert, 0o600))
	p.a.put(t, "server.crt", string(cert))
	p.a.put(t, "server.key", string(key))
	p.a.put(t, "pg_hba.conf", "local all all trust\nhostssl all app 127.0.0.1/32 scram-sha-256\n"+
		"host all postgres,reader,locked 127.0.0.1/32 trust\nhost replication postgres 127.0.0.1/32 trust\n")
	p.a.put(t, "postgresql.auto.conf", "ssl = on\nfsync = off\nlisten_addresses = '127.0.0.1'\n"+
		"unix_socket_directories = ''\nwal_keep_size = 64\nwal_retrieve_retry_interval = 200ms\n")
	p.a.start(t)
	t.Cleanup(func() { p.b.kill(t); p.a.kill(t) })
	p.a.sql(t, "postgres", "CREATE ROLE app LOGIN PASSWORD '"+ownPassword+"'", "CREATE DATABASE shop OWNER app")
	p.a.program(t, "pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(p.a.port), "-U", "postgres", "-D", p.b.dir,
		"-R", "-c", "fast", "--no-sync")
	p.b.start(t)
	return p
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().(*net.TCPAddr).Port
}

// certificate is one for this machine, signed by itself.
func certificate(t *testing.T) (key, cert []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	must(t, err)
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
}

// program runs one of the server's programs as the server's user.
func (s ownServer) program(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Env = s.as, "/", []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if name == "pg_ctl" { // the server would keep the pipe
		log, err := os.CreateTemp(t.TempDir(), "out")
		must(t, err)
		cmd.Stdout, cmd.Stderr = log, log
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	return strings.TrimSpace(out.String())
}

// put writes a file of the server's folder.
func (s ownServer) put(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	if c := s.as.Credential; c != nil {
		must(t, os.Chown(path, int(c.Uid), int(c.Gid)))
	}
}

func (s ownServer) ctl(t *testing.T, args ...string) {
	t.Helper()
	s.program(t, "pg_ctl", append([]string{"-D", s.dir, "-w", "-s", "-l", s.dir + ".log"}, args...)...)
}

func (s ownServer) start(t *testing.T) {
	t.Helper()
	s.ctl(t, "start", "-o", "-p "+strconv.Itoa(s.port))
}

func (s ownServer) kill(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s.dir, "postmaster.pid")); err == nil {
		s.ctl(t, "stop", "-m", "immediate")
	}
}

// sql runs statements in a database as the superuser, each by itself.
func (s ownServer) sql(t *testing.T, database string, statements ...string) {
	t.Helper()
	for _, one := range statements {
		s.program(t, "psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
			"-U", "postgres", "-d", database, "-c", one)
	}
}

// switchover is what a person does: the primary is stopped in order, the standby is
// promoted, and the former primary follows it.
func (p ownPair) switchover(t *testing.T, marked func(string)) {
	t.Helper()
	marked("stopping the primary")
	p.a.ctl(t, "stop", "-m", "fast")
	marked("promoting the standby")
	p.b.ctl(t, "promote")
	marked("bringing the old primary back")
	p.a.put(t, "standby.signal", "")
	p.a.put(t, "postgresql.auto.conf", "ssl = on\nfsync = off\nlisten_addresses = '127.0.0.1'\n"+
		"unix_socket_directories = ''\nwal_keep_size = 64\nprimary_conninfo = 'host=127.0.0.1 user=postgres port="+
		strconv.Itoa(p.b.port)+"'\n")
	p.a.start(t)
}

// conninfo is how the person's psql would reach both.
func (p ownPair) conninfo() string {
	return fmt.Sprintf("host=127.0.0.1,127.0.0.1 port=%d,%d dbname=shop user=app sslmode=verify-full sslrootcert=%s",
		p.a.port, p.b.port, p.ca)
}

func (p ownPair) address(s ownServer) string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// dump is the whole of the database, as text.
func (p ownPair) dump(t *testing.T, s ownServer) string {
	t.Helper()
	text := s.program(t, "pg_dump", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "postgres", "shop")
	kept := strings.Builder{}
	for line := range strings.Lines(text) { // which begin with a key that differs every time
		if !strings.HasPrefix(line, `\restrict`) && !strings.HasPrefix(line, `\unrestrict`) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// watcher is `drillbook watch` under way.
type watcher struct {
	cmd   *exec.Cmd
	keys  io.WriteCloser
	said  *safe
	ended chan error
	dir   string
}

// startWatch starts a watch of the pair.
func (p ownPair) startWatch(t *testing.T, args ...string) *watcher {
	t.Helper()
	return startWatching(t, []string{"PGPASSFILE=" + p.passfile}, args...)
}

// startWatching starts a watch with more in its environment.
func startWatching(t *testing.T, env []string, args ...string) *watcher {
	t.Helper()
	prog := program{dir: t.TempDir(), cache: t.TempDir(), temp: t.TempDir(), docker: nowhere}
	cmd := prog.command(t, append([]string{"watch"}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	w := &watcher{cmd: cmd, said: &safe{}, ended: make(chan error, 1), dir: prog.dir}
	keys, err := cmd.StdinPipe()
	must(t, err)
	w.keys, cmd.Stdout, cmd.Stderr = keys, w.said, w.said
	must(t, cmd.Start())
	go func() { w.ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return w
}

// typed types a line.
func (w *watcher) typed(t *testing.T, line string) {
	t.Helper()
	_, err := io.WriteString(w.keys, line+"\n")
	must(t, err)
}

// until waits until the watch has said something.
func (w *watcher) until(t *testing.T, text string) {
	t.Helper()
	must(t, wait.For(t.Context(), "the watch to say something", time.Minute, func(context.Context) error {
		if said := w.said.String(); !strings.Contains(said, text) {
			return fmt.Errorf("%q was not said in:\n%s", text, said)
		}
		return nil
	}))
}

// code is with which code it ends.
func (w *watcher) code(t *testing.T) int {
	t.Helper()
	select {
	case <-w.ended:
		return w.cmd.ProcessState.ExitCode()
	case <-time.After(2 * time.Minute):
		t.Fatalf("the watch does not end:\n%s", w.said)
		return 0
	}
}
