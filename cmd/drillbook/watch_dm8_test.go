package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/measure"
)

// A person switches a group over at the monitor, and its new primary then hangs for a while;
// clients get in by a list of addresses.
func TestWatchGroupSwitchover(t *testing.T) {
	g := newGroup(t, 1)
	w := g.startWatch(t, ownPassword, g.connection(), "--rto", "60s", "--rpo", "0", "--runbook", "dm8/switchover",
		"--operator", "Zhang San", "--rate", "50")
	w.until(t, "go on? [y/N]")
	if left := g.tables(t, g.a); left != "" {
		t.Errorf("before the yes there is %s", left)
	}
	w.typed(t, "y")
	w.until(t, "you may begin")
	consoles := strings.Join(g.consoles(t), "\n")
	if consoles == "" || strings.Contains(consoles, ownPassword) || strings.Contains(consoles, "DM8_PASSWORD") {
		t.Errorf("consoles run with %q", consoles)
	}
	w.typed(t, "")
	g.switchover(t, g.b)
	w.until(t, g.b.address()+": primary")
	g.follows(t, g.b, g.a)
	time.Sleep(3 * time.Second)
	w.typed(t, "")
	hung := time.Now()
	must(t, g.b.server.Process.Signal(syscall.SIGSTOP))
	time.Sleep(3 * time.Second)
	must(t, g.b.server.Process.Signal(syscall.SIGCONT))
	took := time.Since(hung)
	w.until(t, "clients are served again")
	time.Sleep(3 * time.Second)
	w.typed(t, "q "+ownPassword) // whatever is typed by mistake
	w.typed(t, "q")
	if code := w.code(t); code != exitUnmeasurable && code != 0 { // steps of the page are missing
		t.Errorf("exit code %d:\n%s", code, w.said)
	}
	d := w.watched(t)
	w.hidesPassword(t)
	h, r := d.Record.Head, d.Result
	if len(certain(slices.Clone(r.Outages))) == 0 || r.Downtime.Open {
		t.Errorf("outages = %+v, want one that has ended", r.Outages)
	}
	if h.StandIn == "" || !strings.HasPrefix(h.System, "DM8 ") || h.Watched == nil || h.Watched.By != "Zhang San" {
		t.Errorf("head = %+v", h)
	}
	if w := r.Writes; !w.Counted || len(w.Lost) > 0 || w.Authority != g.b.address() || len(w.Unread) > 0 {
		t.Errorf("writes = %+v, want all there, on %s", w, g.b.address())
	}
	if b := r.Downtime.Main; b.Least > took+time.Second || b.Most < took || b.Most > took+5*time.Second {
		t.Errorf("it was out for %s to %s, and hung for %s", b.Least, b.Most, took)
	}
	tookWrites := map[string]bool{}
	for _, a := range d.Record.Attempts {
		if a.Member > 0 {
			tookWrites[h.Members[a.Member-1]] = true
		}
	}
	if !tookWrites[g.a.address()] || !tookWrites[g.b.address()] {
		t.Errorf("writes were taken by %v, want both", tookWrites)
	}
	if ph := r.Phases; ph.Decided == nil || ph.Served == nil {
		t.Errorf("phases = %+v", ph)
	}
	for _, i := range []*ownInstance{g.a, g.b} {
		if left := g.tables(t, i); left != "" {
			t.Errorf("the watch has left %s on %s", left, i.name)
		}
	}
}

// Nothing is written: no table is made. A standby that is down at the start is seen once it is up.
func TestWatchGroupObserveOnly(t *testing.T) {
	g := newGroup(t, 1)
	must(t, g.b.watcher.Process.Kill())
	must(t, g.b.server.Process.Kill())
	w := g.startWatch(t, ownPassword, "sysdba@shop", "--observe-only")
	w.until(t, g.b.address()+" does not answer yet")
	w.until(t, "you may begin")
	if left := g.tables(t, g.a); left != "" {
		t.Errorf("there is %s", left)
	}
	g.startServer(t, g.b, "mount")
	g.b.watcher, _, _ = g.start(t, "dmwatcher", g.b.ini("dmwatcher.ini"))
	w.until(t, g.b.address()+": standby")
	g.follows(t, g.a, g.b)
	w.typed(t, "switchover")
	g.switchover(t, g.b)
	w.until(t, g.b.address()+": primary")
	time.Sleep(3 * time.Second)
	w.typed(t, "q")
	d := w.ends(t, measure.Unjudged)
	page, err := os.ReadFile(filepath.Join(w.dir, "reports", "out", "latest", "index.html"))
	must(t, err)
	if d.Result.Writes.Counted || !strings.Contains(string(page), "what was lost, was not checked") {
		t.Errorf("it is not said that loss was not checked:\n%s", w.said)
	}
	if len(measure.ReadOutages(d.Record, d.Result.Outages)) == 0 {
		t.Errorf("outages = %+v, want one of reads", d.Result.Outages)
	}
	for _, i := range []*ownInstance{g.a, g.b} {
		if left := g.tables(t, i); left != "" {
			t.Errorf("there is %s on %s", left, i.name)
		}
	}
	w.hidesPassword(t)
}

// What a person may get wrong is said in one line before anything is made.
func TestWatchGroupRefuses(t *testing.T) {
	t.Parallel() // it measures nothing
	g := newGroup(t, 10)
	a, b := g.a.address(), g.b.address()
	port := a[strings.LastIndex(a, ":"):]
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte(ownPassword+"\n"), 0o644))
	for name, tt := range map[string]struct {
		connection, want string
		code             int
		password         string
		args             []string
	}{
		"wrong password":           {g.connection(), "[-2501]", exitEnvironment, "not it", nil},
		"no password":              {g.connection(), "DM8_PASSWORD is not set", exitUsage, "", nil},
		"password is shown":        {"SYSDBA/sesame@" + a, "shows to everybody", exitUsage, "x", nil},
		"others may read the file": {g.connection(), "chmod 600", exitUsage, "x", []string{"--password-file", file}},
		"no disql": {
			g.connection(), "no such program", exitEnvironment, "x", []string{"--disql", "/nowhere"},
		},
		"no such service": {"SYSDBA@store", "has no service store", exitUsage, "x", nil},
		"no user":         {a, "USER@SERVICE", exitUsage, "x", nil},
		"nobody there":    {"SYSDBA@127.0.0.1:1", "no instance can be asked", exitEnvironment, "x", nil},
		"only the standby": {
			"SYSDBA@" + b, "no instance is an open primary", exitEnvironment, ownPassword, nil,
		},
		"one instance, two names": {
			"SYSDBA@" + a + ",localhost" + port, "lead to the same instance", exitEnvironment, ownPassword, nil,
		},
		"a service that leads elsewhere": {
			"SYSDBA@shop=(" + b + ")", "no instance is an open primary", exitEnvironment, ownPassword, nil,
		},
		"lag in bytes": {
			g.connection(), "does not count it in bytes", exitUsage, "x", []string{"--stop-if", "lag>1MB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := g.startWatch(t, tt.password, append([]string{tt.connection, "--yes"}, tt.args...)...)
			if code := w.code(t); code != tt.code || !strings.Contains(w.said.String(), tt.want) {
				t.Errorf("exit code %d, want %d, with %q in:\n%s", code, tt.code, tt.want, w.said)
			}
			if strings.Contains(w.said.String(), "sesame") {
				t.Errorf("what may be a password was repeated:\n%s", w.said)
			}
		})
	}
	for _, i := range []*ownInstance{g.a, g.b} {
		if left := g.tables(t, i); left != "" {
			t.Errorf("something was made on %s: %s", i.name, left)
		}
	}
}

// Two watches of one group do not disturb each other; Ctrl-C at the question leaves nothing, and
// twice it ends a watch in order.
func TestWatchGroupBesideAnother(t *testing.T) {
	g := newGroup(t, 10)
	first := g.startWatch(t, ownPassword, "SYSDBA@shop", "--yes")
	first.until(t, "you may begin")
	asked := g.startWatch(t, ownPassword, g.connection())
	asked.until(t, "there is a table SYSDBA.DRILLBOOK_WATCH_")
	asked.until(t, "go on? [y/N]")
	must(t, asked.cmd.Process.Signal(os.Interrupt))
	if code := asked.code(t); code != exitInterrupted {
		t.Errorf("exit code %d after Ctrl-C, want %d:\n%s", code, exitInterrupted, asked.said)
	}
	second := g.startWatch(t, ownPassword, g.connection(), "--yes", "--lang", "zh")
	second.until(t, "您可以操作了")
	must(t, second.cmd.Process.Signal(os.Interrupt))
	second.until(t, "仍在监看")
	time.Sleep(sameRequest + 100*time.Millisecond)
	must(t, second.cmd.Process.Signal(os.Interrupt))
	if d := second.ends(t, measure.Unjudged); d.Record.Tail.Interrupted || !d.Result.Writes.Counted {
		t.Errorf("two Ctrl-C are taken for an interrupt, or nothing was read back: %+v", d.Result.Writes)
	}
	first.typed(t, "q")
	if d := first.ends(t, measure.Unjudged); d.Result.Writes.Acked == 0 || len(d.Result.Writes.Lost) > 0 {
		t.Errorf("writes = %+v", d.Result.Writes)
	}
	if left := g.tables(t, g.a); left != "" || len(g.consoles(t)) > 0 {
		t.Errorf("left are %q and the consoles %q", left, g.consoles(t))
	}
}

// One address cannot be followed, and that is said; the condition ends a watch, and what could
// not be dropped is named. The user has the least rights, and gets in by a service.
func TestWatchGroupStops(t *testing.T) {
	t.Parallel() // its figures are not looked at
	g := newGroup(t, 10)
	said := g.sql(t, g.a, `create user DRILLBOOK identified by "`+ownPassword+`";`, "grant RESOURCE to DRILLBOOK;",
		"grant VTI to DRILLBOOK;")
	if strings.Contains(said, "[-") {
		t.Fatal(said)
	}
	w := g.startWatch(t, ownPassword, "drillbook@shop=("+g.a.address()+")", "--yes", "--stop-if", "outage>2s")
	w.until(t, "one address")
	w.until(t, "you may begin")
	must(t, g.a.watcher.Process.Kill())
	must(t, g.a.server.Process.Kill())
	if code := w.code(t); code != exitMissed {
		t.Errorf("exit code %d, want %d:\n%s", code, exitMissed, w.said)
	}
	if said := w.said.String(); !strings.Contains(said, "could not be dropped") ||
		!strings.Contains(said, "DROP TABLE IF EXISTS DRILLBOOK.DRILLBOOK_WATCH_") {
		t.Errorf("it is not said how to drop what is left:\n%s", said)
	}
	if left := g.consoles(t); len(left) > 0 {
		t.Errorf("consoles are left: %q", left)
	}
	w.hidesPassword(t)
}
