package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/wait"
)

// ownInstance is an instance of DM8's stand-in with its watcher, as processes of this machine.
type ownInstance struct {
	name, dir string // of its database
	port      int    // of clients; three more follow
	server    *exec.Cmd
	watcher   *exec.Cmd
}

// ownGroup is a primary and a realtime standby that no drillbook has made.
type ownGroup struct {
	root     string // of all that is made
	programs string // folder of the stand-in's programs
	speed    int    // by how much its timers are faster than its files say
	a, b     *ownInstance
}

// newGroup makes a group as its owner does, and waits until the standby follows.
func newGroup(t *testing.T, speed int) *ownGroup {
	t.Helper()
	takesLong(t)
	g := &ownGroup{root: t.TempDir(), speed: speed}
	g.programs = filepath.Join(g.root, "bin")
	must(t, os.Mkdir(g.programs, 0o755))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(g.programs, "standin"),
		"drillbook/fixtures/dm8/standin")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"dmserver", "dmwatcher", "dmmonitor", "disql", "dmrman", "dminit"} {
		must(t, os.Symlink("standin", filepath.Join(g.programs, name)))
	}
	base := fourTimes(t, 2)
	g.a, g.b = g.instance("SHOP1", base), g.instance("SHOP2", base+4)
	set := filepath.Join(g.root, "set")
	for _, i := range []*ownInstance{g.a, g.b} {
		g.run(t, "", "create dm database success", "dminit", "path="+filepath.Dir(i.dir), "db_name=SHOP",
			"instance_name="+i.name, "port_num="+strconv.Itoa(i.port), "sysdba_pwd="+ownPassword)
	}
	g.startServer(t, g.a)
	must(t, g.a.server.Process.Signal(os.Interrupt))
	_ = g.a.server.Wait()
	rman := func(format string, args ...any) {
		g.run(t, "", "successfully", "dmrman", "CTLSTMT="+fmt.Sprintf(format, args...))
	}
	rman("backup database '%s' full backupset '%s'", g.a.ini("dm.ini"), set)
	rman("restore database '%s' from backupset '%s'", g.b.ini("dm.ini"), set)
	rman("recover database '%s' from backupset '%s'", g.b.ini("dm.ini"), set)
	rman("recover database '%s' update db_magic", g.b.ini("dm.ini"))
	for _, i := range []*ownInstance{g.a, g.b} {
		g.enlist(t, i)
	}
	g.follows(t, g.a, g.b)
	return g
}

// fourTimes finds four ports in a row for each of n instances. Tests that run at once look elsewhere.
func fourTimes(t *testing.T, n int) int {
	t.Helper()
	h := fnv.New32a()
	fmt.Fprint(h, t.Name(), os.Getpid())
	for base := 20000 + int(h.Sum32()%400)*25; base < 32000; base += 4 * n {
		free := 0
		for p := range 4 * n {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(base+p))
			if err != nil {
				break
			}
			free++
			must(t, l.Close())
		}
		if free == 4*n {
			return base
		}
	}
	t.Fatal("no free ports")
	return 0
}

func (g *ownGroup) instance(name string, port int) *ownInstance {
	return &ownInstance{name: name, dir: filepath.Join(g.root, name, "SHOP"), port: port}
}

func (i *ownInstance) ini(name string) string { return filepath.Join(i.dir, name) }

func (i *ownInstance) address() string { return "127.0.0.1:" + strconv.Itoa(i.port) }

// command is a command line of one of the programs.
func (g *ownGroup) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(g.programs, name), args...)
	cmd.Env = append(os.Environ(), "DM8_STANDIN_SPEED="+strconv.Itoa(g.speed), "LANG=en_US.UTF-8")
	return cmd
}

// run runs a program to its end, which must have said something.
func (g *ownGroup) run(t *testing.T, typed, want, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	cmd := g.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(typed)
	out, _ := cmd.CombinedOutput() // the exit code is not the product's way to tell
	if !strings.Contains(string(out), want) {
		t.Fatalf("%s %v: %q is not in:\n%s", name, args, want, out)
	}
	return string(out)
}

// start starts a program until the test ends.
func (g *ownGroup) start(t *testing.T, name string, args ...string) (*exec.Cmd, io.Writer, *safe) {
	t.Helper()
	cmd := g.command(context.WithoutCancel(t.Context()), name, args...)
	out := &safe{}
	cmd.Stdout, cmd.Stderr = out, out
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s %v:\n%s", name, args, out)
		}
	})
	return cmd, in, out
}

func (g *ownGroup) startServer(t *testing.T, i *ownInstance, args ...string) {
	t.Helper()
	cmd, _, out := g.start(t, "dmserver", append([]string{i.ini("dm.ini")}, args...)...)
	i.server = cmd
	eventuallyIs(t, i.name+" to be ready", func() error { return out.has("SYSTEM IS READY") })
}

// eventuallyIs waits for something of the group.
func eventuallyIs(t *testing.T, what string, done func() error) {
	t.Helper()
	must(t, wait.For(t.Context(), what, time.Minute, func(context.Context) error { return done() }))
}

// sql runs statements as SYSDBA and returns what is printed.
func (g *ownGroup) sql(t *testing.T, i *ownInstance, statements ...string) string {
	t.Helper()
	typed := fmt.Sprintf("conn SYSDBA/%q@%s\n%s\nexit\n", ownPassword, i.address(), strings.Join(statements, "\n"))
	return g.run(t, typed, "", "disql", "-S", "/nolog")
}

// enlist makes the instance a member of the group.
func (g *ownGroup) enlist(t *testing.T, i *ownInstance) {
	t.Helper()
	other, role := g.b, "primary"
	if i == g.b {
		other, role = g.a, "standby"
	}
	text, err := os.ReadFile(i.ini("dm.ini"))
	must(t, err)
	var mal strings.Builder
	for n, m := range []*ownInstance{g.a, g.b} {
		fmt.Fprintf(&mal, "[MAL%d]\nMAL_INST_NAME = %s\nMAL_HOST = 127.0.0.1\nMAL_PORT = %d\n"+
			"MAL_INST_HOST = 127.0.0.1\nMAL_INST_PORT = %d\nMAL_DW_PORT = %d\nMAL_INST_DW_PORT = %d\n",
			n, m.name, m.port+1, m.port, m.port+2, m.port+3)
	}
	for name, text := range map[string]string{
		"dm.ini": strings.NewReplacer("MAL_INI = 0", "MAL_INI = 1", "ARCH_INI = 0", "ARCH_INI = 1",
			"ALTER_MODE_STATUS = 1", "ALTER_MODE_STATUS = 0").Replace(string(text)),
		"dmmal.ini": "MAL_CHECK_INTERVAL = 5\nMAL_CONN_FAIL_INTERVAL = 5\n" + mal.String(),
		"dmarch.ini": "[L]\nARCH_TYPE = LOCAL\nARCH_DEST = " + i.ini("arch") + "\nARCH_FILE_SIZE = 128\n[R]\n" +
			"ARCH_TYPE = REALTIME\nARCH_DEST = " + other.name + "\n",
		"dmwatcher.ini": "[GRP]\nDW_TYPE = GLOBAL\nDW_MODE = MANUAL\nDW_ERROR_TIME = 10\nINST_RECOVER_TIME = 20\n" +
			"INST_ERROR_TIME = 10\nINST_OGUID = 453331\nINST_INI = " + i.ini("dm.ini") + "\nINST_AUTO_RESTART = 0\n",
	} {
		must(t, os.WriteFile(i.ini(name), []byte(text), 0o600))
	}
	g.startServer(t, i, "mount")
	if said := g.sql(t, i, "sp_set_oguid(453331);", "alter database "+role+";"); strings.Contains(said, "[-") {
		t.Fatal(said)
	}
	i.watcher, _, _ = g.start(t, "dmwatcher", i.ini("dmwatcher.ini"))
}

// follows waits until one instance is an open primary and the other one follows it.
func (g *ownGroup) follows(t *testing.T, primary, standby *ownInstance) {
	t.Helper()
	eventuallyIs(t, standby.name+" to follow", func() error {
		said := g.sql(t, primary, "select 'it is '||MODE$||' '||STATUS$ from V$INSTANCE;",
			"select 'archive '||ARCH_STATUS from V$ARCH_STATUS where ARCH_TYPE = 'REALTIME';")
		if !strings.Contains(said, "it is PRIMARY OPEN") || !strings.Contains(said, "archive VALID") {
			return fmt.Errorf("%s says %s", primary.name, said)
		}
		return nil
	})
}

// switchover is what a person does at the monitor.
func (g *ownGroup) switchover(t *testing.T, to *ownInstance) {
	t.Helper()
	ini := filepath.Join(t.TempDir(), "dmmonitor.ini")
	must(t, os.WriteFile(ini, fmt.Appendf(nil, "MON_DW_CONFIRM = 0\nMON_LOG_PATH = %s\nMON_LOG_INTERVAL = 0\n[GRP]\n"+
		"MON_INST_OGUID = 453331\nMON_DW_IP = 127.0.0.1:%d\nMON_DW_IP = 127.0.0.1:%d\n", filepath.Dir(ini), g.a.port+2,
		g.b.port+2), 0o600))
	_, in, out := g.start(t, "dmmonitor", ini)
	say := func(line, want string) {
		before := len(out.String())
		_, err := fmt.Fprintln(in, line)
		must(t, err)
		eventuallyIs(t, "the monitor to answer "+line, func() error {
			if said := out.String()[before:]; !strings.Contains(said, want) {
				return fmt.Errorf("%q is not in:\n%s", want, said)
			}
			return nil
		})
	}
	for _, m := range []*ownInstance{g.a, g.b} {
		eventuallyIs(t, "the monitor to hear of "+m.name, func() error { return out.has("(" + m.name + ")") })
	}
	say("login", "username:")
	say("SYSDBA", "password:")
	say(ownPassword, "success")
	eventuallyIs(t, "the monitor to offer "+to.name, func() error {
		_, err := fmt.Fprintln(in, "choose switchover")
		must(t, err)
		return out.has(": " + to.name)
	})
	say("switchover "+to.name, "YES/NO")
	say("YES", "success")
}

// tables are the probe's on an instance.
func (g *ownGroup) tables(t *testing.T, i *ownInstance) string {
	t.Helper()
	said := g.sql(t, i, "select '<'||TABLE_NAME||'>' from ALL_TABLES where TABLE_NAME like 'DRILLBOOK%';")
	if strings.Contains(said, "[-") {
		t.Fatal(said)
	}
	_, rest, _ := strings.Cut(said, "\n<")
	return rest
}

// consoles are the command lines and environments of the disql of watches that run now.
func (g *ownGroup) consoles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	var all []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(line), filepath.Join(g.programs, "disql")+"\x00/nolog") {
			continue // it has ended, or is another program
		}
		env, err := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if err == nil {
			all = append(all, string(line)+string(env))
		}
	}
	return all
}

// connection is how clients get in by a list of addresses.
func (g *ownGroup) connection() string { return "SYSDBA@" + g.a.address() + "," + g.b.address() }

// startWatch starts a watch of the group.
func (g *ownGroup) startWatch(t *testing.T, password string, args ...string) *watcher {
	t.Helper()
	services := fmt.Sprintf("shop = (%s,%s)\n[shop]\nLOGIN_MODE = (1)\n", g.a.address(), g.b.address())
	must(t, os.WriteFile(filepath.Join(g.root, "dm_svc.conf"), []byte(services), 0o600))
	env := []string{"DM8_PASSWORD=" + password, "DM_SVC_PATH=" + g.root, "PATH=" + g.programs + ":" + os.Getenv("PATH")}
	return startWatching(t, env, append([]string{"--product", "dm8"}, args...)...)
}
