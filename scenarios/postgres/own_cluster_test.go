package postgres_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
)

const password = "Chestnut-7"

// site is a cluster as people have it, which drillbook did not make: a primary a
// and its standbys b and c, with replication slots and passwords. Its hosts are
// this one, told apart by their ports.
type site struct {
	dir, programs string
	as            *syscall.Credential
	port          map[string]int
	primary       string
}

// newSite makes the cluster. Commits on a wait for b.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{programs: installed(t), port: map[string]int{}, primary: "a"}
	s.dir, s.as = home(t)
	for _, m := range []string{"a", "b", "c"} {
		s.port[m] = freePort(t)
	}
	t.Cleanup(func() {
		for m := range s.port {
			s.stop(context.WithoutCancel(t.Context()), m)
		}
	})
	s.run(t, "a", `mkdir ~; echo `+password+` >~/secret; echo '*:*:*:*:`+password+`' >~/own; chmod 600 ~/own
initdb -N -D $PGDATA --auth=scram-sha-256 --pwfile=$HOME/secret -U postgres
cat >>$PGDATA/postgresql.conf <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PGHOST'
wal_log_hints = on
fsync = off
wal_retrieve_retry_interval = 300ms
END
pg_ctl start -D $PGDATA -w`)
	s.ask(t, "a", "CREATE TABLE kept (row text)")
	for _, m := range []string{"b", "c"} {
		s.ask(t, "a", "SELECT pg_create_physical_replication_slot('"+m+"')")
		s.run(t, m, `pg_basebackup -N -D $PGDATA -X stream -c fast -R -S `+m+` \
  -d "host=a-private port=5432 user=postgres password=`+password+` application_name=`+m+`"
pg_ctl start -D $PGDATA -w`)
	}
	s.ask(t, "a", "ALTER SYSTEM SET synchronous_standby_names = 'b'")
	s.ask(t, "a", "SELECT pg_reload_conf()")
	return s
}

// passwords writes what the page says that a person writes, and nothing if it
// says nothing.
func (s *site) passwords(t *testing.T, intro string) {
	t.Helper()
	s.run(t, "a", "rm -f ~/.pgpass")
	line := regexp.MustCompile("`([^`]*):<password>`").FindStringSubmatch(intro)
	if line != nil && strings.Contains(intro, "`~/.pgpass`") {
		all := strings.Replace(line[1], "5432", "*", 1) // the hosts have not one port, but one home
		s.run(t, "a", "echo '"+all+":"+password+"' >~/.pgpass && chmod 600 ~/.pgpass")
	}
}

var (
	hosts = regexp.MustCompile(`host=([abc](?:-private)?(?:,[abc](?:-private)?)*) port=5432`)
	one   = regexp.MustCompile(`-h ([abc])(?:-private)? -p 5432`)
)

// run types commands on the host of a member and returns what they said. None
// may fail, hang, ask for the password or show it.
func (s *site) run(t *testing.T, member, commands string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	said, err := s.try(ctx, t.TempDir(), member, commands)
	if err != nil {
		t.Fatalf("on %s: %v\n%s\nsaid:\n%s", member, err, commands, said)
	}
	if strings.Contains(said, password) {
		t.Errorf("on %s, the password is shown by\n%s", member, commands)
	}
	return said
}

// ask is a question of the test's own, which knows the password.
func (s *site) ask(t *testing.T, member, asked string) {
	t.Helper()
	s.run(t, member, query(asked))
}

func query(text string) string {
	return "PGPASSFILE=$HOME/own psql -XAtc \"" + text + "\""
}

func (s *site) try(ctx context.Context, dir, member, commands string) (string, error) {
	commands = hosts.ReplaceAllStringFunc(commands, func(text string) string {
		names := strings.Split(hosts.FindStringSubmatch(text)[1], ",")
		at, ports := make([]string, len(names)), make([]string, len(names))
		for i, name := range names {
			at[i], ports[i] = "127.0.0.1", strconv.Itoa(s.port[name[:1]])
		}
		return "host=" + strings.Join(at, ",") + " port=" + strings.Join(ports, ",")
	})
	commands = one.ReplaceAllStringFunc(commands, func(text string) string {
		return fmt.Sprintf("-h 127.0.0.1 -p %d", s.port[one.FindStringSubmatch(text)[1]])
	})
	out, err := os.Create(filepath.Join(dir, "said")) // a file: the servers that are started keep it open
	if err != nil {
		return "", err
	}
	defer out.Close()
	c := exec.CommandContext(ctx, "bash", "-e", "-c", commands)
	c.Env = []string{
		"PATH=" + s.programs + ":/usr/bin:/bin", "HOME=" + filepath.Join(s.dir, "home"), "LC_ALL=C", "PGUSER=postgres",
		"PGDATA=" + filepath.Join(s.dir, member), "PGHOST=" + s.dir, "PGPORT=" + strconv.Itoa(s.port[member]),
	}
	c.Dir, c.Stdout, c.Stderr = s.dir, out, out
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setsid: true} // without a terminal nobody can be asked
	failed := c.Run()
	said, err := os.ReadFile(out.Name())
	if failed != nil {
		err = failed
	}
	return string(said), err
}

func (s *site) stop(ctx context.Context, member string) {
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		return
	}
	defer os.RemoveAll(dir)
	_, _ = s.try(ctx, dir, member, "pg_ctl stop -D $PGDATA -m immediate") // one that was not started fails
}

// kill ends the server of a member as a host's loss does.
func (s *site) kill(t *testing.T, member string) {
	t.Helper()
	// It has ended once its number is free: until then it counts as running.
	s.run(t, member, `p=$(head -1 $PGDATA/postmaster.pid); kill -9 $p
i=0; while kill -0 $p 2>/dev/null && [ $((i += 1)) -lt 400 ]; do sleep 0.05; done`)
}

// together makes sure that the standbys follow the primary, each over a slot of
// its own, that it keeps WAL for nobody else, and that they have what it is told.
func (s *site) together(t *testing.T, primary string, standbys ...string) {
	t.Helper()
	slices.Sort(standbys)
	s.says(t, primary,
		"SELECT string_agg(application_name || ' ' || state, ', ' ORDER BY application_name) FROM pg_stat_replication",
		strings.Join(standbys, " streaming, ")+" streaming")
	s.says(t, primary,
		"SELECT string_agg(slot_name || ' ' || active, ', ' ORDER BY slot_name) FROM pg_replication_slots",
		strings.Join(standbys, " true, ")+" true")
	row := t.Name() + " " + primary
	s.ask(t, primary, "INSERT INTO kept VALUES ('"+row+"')")
	for _, m := range standbys {
		s.says(t, m, "SELECT count(*), pg_is_in_recovery() FROM kept WHERE row = '"+row+"'", "1|t")
		s.says(t, m, "SELECT count(*) FROM pg_replication_slots", "0")
	}
}

// says waits until a member answers so.
func (s *site) says(t *testing.T, member, asked, want string) {
	t.Helper()
	dir := t.TempDir()
	err := wait.For(t.Context(), asked+" on "+member, 10*time.Second, func(ctx context.Context) error {
		got, err := s.try(ctx, dir, member, query(asked))
		if got = strings.TrimSpace(got); err != nil {
			return fmt.Errorf("it says %q: %w", got, err)
		}
		if got != want {
			return fmt.Errorf("it says %q, want %q", got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// installed is where PostgreSQL is, the newest of this machine.
func installed(t *testing.T) string {
	t.Helper()
	if all, _ := filepath.Glob("/usr/lib/postgresql/1[3-9]/bin"); len(all) > 0 {
		return slices.Max(all)
	}
	at, err := exec.LookPath("pg_rewind")
	if err != nil {
		t.Skipf("PostgreSQL is not installed: %v", err)
	}
	return filepath.Dir(at)
}

// home is a folder, and whom servers run as, which may not be root: the folder
// is theirs, which those of [testing.T.TempDir] cannot be.
func home(t *testing.T) (string, *syscall.Credential) {
	t.Helper()
	dir, err := os.MkdirTemp("", "site") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() != 0 {
		return dir, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("root may not run servers: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
