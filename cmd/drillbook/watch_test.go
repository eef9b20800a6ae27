package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
)

// watched is what a watch has left.
func (w *watcher) watched(t *testing.T) reports.Drill {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, "reports", "out", "*", "*", drill.RecordName))
	must(t, err)
	if len(found) == 0 {
		t.Fatalf("there is no record:\n%s", w.said)
	}
	rec, err := record.ReadFile(found[0])
	must(t, err)
	return reports.Of(rec, filepath.Base(filepath.Dir(found[0])))
}

// ends waits for the end of the watch, which must be as it should or, where this machine is
// too busy to measure anything, unmeasurable for just that reason.
func (w *watcher) ends(t *testing.T, verdict measure.Verdict) reports.Drill {
	t.Helper()
	got := w.code(t)
	d := w.watched(t)
	machine := []measure.Code{
		measure.ProbeInaccurate, measure.ProbeBlind, measure.HarnessPaused, measure.BaselineSlow,
		measure.BaselineFailed, measure.RTOUnclear,
	}
	if d.Result.Verdict == measure.Unmeasurable && got == exitUnmeasurable && len(d.Result.Reasons) > 0 &&
		slices.Contains(machine, d.Result.Reasons[0].Code) {
		t.Logf("this machine is too busy: %+v", d.Result.Reasons)
		return d
	}
	if got != 0 || d.Result.Verdict != verdict {
		t.Errorf("exit code %d, %s, want 0, %s: %+v\n%s", got, d.Result.Verdict, verdict, d.Result.Reasons, w.said)
	}
	return d
}

// certain are the outages that are not due to this machine alone.
func certain(all []measure.Outage) []measure.Outage {
	return slices.DeleteFunc(all, func(o measure.Outage) bool { return o.Unmeasured || o.Least == 0 })
}

// hidesPassword: it is in nothing that the watch has left or said, nor in its command line.
func (w *watcher) hidesPassword(t *testing.T) {
	t.Helper()
	must(t, filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), ownPassword) {
			t.Errorf("the password is in %s", path)
		}
		return err
	}))
	if strings.Contains(w.said.String()+strings.Join(w.cmd.Args, " "), ownPassword) {
		t.Errorf("the password was said:\n%s", w.said)
	}
}

// A person switches over by hand, over TLS and with a password, and marks the steps.
func TestWatchSwitchover(t *testing.T) {
	p := newPair(t)
	before := p.dump(t, p.a)
	w := p.startWatch(t, p.conninfo(), "--rto", "60s", "--rpo", "0", "--operator", "Zhang San")
	w.until(t, "go on? [y/N]")
	if got := p.dump(t, p.a); got != before {
		t.Errorf("before the yes the database has changed:\n%s", got)
	}
	w.typed(t, "y")
	w.until(t, "you may begin")
	p.switchover(t, func(what string) {
		w.typed(t, what)
		w.until(t, what)
		time.Sleep(2 * time.Second) // as people read what they have done
	})
	w.until(t, "clients are served again")
	time.Sleep(3 * time.Second)
	w.typed(t, "q "+ownPassword) // whatever is typed by mistake
	w.typed(t, "q")
	d := w.ends(t, measure.Met)
	w.hidesPassword(t)
	h, r := d.Record.Head, d.Result
	if len(certain(r.Outages)) == 0 {
		t.Errorf("no outage: %+v", r.Outages)
	}
	if h.Watched == nil || h.Watched.By != "Zhang San" || !strings.Contains(h.Watched.Login, "with TLS") {
		t.Errorf("watched = %+v, want by whom and with TLS", h.Watched)
	}
	if len(r.Steps) != 4 || r.Steps[1].Title.In("en") != "promoting the standby" ||
		r.Steps[1].Outcome != measure.Passed {
		t.Errorf("steps = %+v, want the four that were typed", r.Steps)
	}
	if r.Steps[0].Downtime.Count+r.Steps[1].Downtime.Count == 0 { // on a busy machine it is seen late
		t.Errorf("the outage is in no step, or in another: %+v", r.Outages)
	}
	if w := r.Writes; !w.Counted || len(w.Lost) > 0 || w.Authority != p.address(p.b) || len(w.Unread) > 0 {
		t.Errorf("writes = %+v, want all there, on %s", w, p.address(p.b))
	}
	epochs := map[string]uint32{}
	for _, a := range d.Record.Attempts {
		if a.Member > 0 {
			epochs[h.Members[a.Member-1]] = a.Epoch
		}
	}
	if epochs[p.address(p.a)] != 1 || epochs[p.address(p.b)] != 2 {
		t.Errorf("timelines = %v, want 1 and 2", epochs)
	}
	if ph := r.Phases; !ph.Marked || ph.Decided == nil || ph.Writable == nil || ph.Served == nil {
		t.Errorf("phases = %+v, want all of them, from the mark", ph)
	}
	if after := p.dump(t, p.b); after != before {
		t.Errorf("the watch has left something:\n%s", after)
	}
	page, err := os.ReadFile(filepath.Join(w.dir, "reports", "out", "latest", "index.html"))
	must(t, err)
	if !strings.Contains(string(page), "watched by Zhang San at "+p.address(p.a)) {
		t.Error("the page does not say who watched what")
	}
}

// Nothing is written: the database stays as it was, and loss is said not to be checked.
func TestWatchObserveOnly(t *testing.T) {
	p := newPair(t)
	before := p.dump(t, p.a)
	w := p.startWatch(t, p.conninfo(), "--observe-only")
	w.until(t, "you may begin")
	if got := p.dump(t, p.a); got != before {
		t.Errorf("the database has changed:\n%s", got)
	}
	p.switchover(t, func(what string) { w.typed(t, what); w.until(t, what) })
	w.until(t, "clients are served again")
	time.Sleep(3 * time.Second)
	w.typed(t, "q")
	d := w.ends(t, measure.Unjudged)
	if len(d.Result.Outages) == 0 || d.Result.Writes.Counted {
		t.Errorf("%+v: want outages of reads", d.Result.Outages)
	}
	if !strings.Contains(w.said.String(), "not checked") {
		t.Errorf("it is not said that loss was not checked:\n%s", w.said)
	}
	if after := p.dump(t, p.b); after != before {
		t.Errorf("the database has changed:\n%s", after)
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "reports", "out", "latest", reports.ResultsFile))
	must(t, err)
	var results struct {
		Drills []struct {
			Promise struct {
				RTO *float64 `json:"rto_ms"`
			}
			Watched struct {
				ReadOnly bool `json:"read_only"`
			}
		}
	}
	must(t, json.Unmarshal(text, &results))
	if one := results.Drills[0]; one.Promise.RTO != nil || !one.Watched.ReadOnly {
		t.Errorf("results.json says %+v", one)
	}
}

// What a person may get wrong, or their database not let them do, is said before anything
// is made.
func TestWatchRefuses(t *testing.T) {
	t.Parallel() // it measures nothing
	p := newPair(t)
	wrong := filepath.Join(t.TempDir(), "pgpass")
	must(t, os.WriteFile(wrong, []byte("*:*:*:*:not it\n"), 0o600))
	p.a.sql(t, "shop", "CREATE ROLE reader LOGIN", "CREATE ROLE locked LOGIN",
		"ALTER ROLE locked SET default_transaction_read_only = on")
	one := "host=127.0.0.1 sslmode=require dbname=shop port="
	plain := "host=127.0.0.1 sslmode=disable dbname=shop port="
	a, b := strconv.Itoa(p.a.port), strconv.Itoa(p.b.port)
	for name, tt := range map[string]struct {
		conninfo, want string
		code           int
		passfile       string
	}{
		"wrong password":   {one + a + " user=app", "password authentication failed", exitEnvironment, wrong},
		"no such server":   {one + "1 user=app", "no server can be asked", exitEnvironment, ""},
		"only the standby": {one + b + " user=app", "no server is primary", exitEnvironment, ""},
		"same server twice": {
			plain + a + " user=postgres host=127.0.0.1,localhost", "lead to the same server", exitEnvironment, "",
		},
		"password is shown":   {one + a + " user=app password=x", "shows to everybody", exitUsage, ""},
		"password in address": {"postgres://app:x@127.0.0.1:" + a + "/shop", "shows to everybody", exitUsage, ""},
		"unknown certificate": {
			one + a + " user=app sslmode=verify-full sslrootcert=/nowhere", "read the connection string", exitUsage, "",
		},
		"no right to make":     {plain + a + " user=reader", "GRANT CREATE", exitEnvironment, ""},
		"read-only":            {plain + a + " user=locked", "read-only", exitEnvironment, ""},
		"a word of libpq only": {one + a + " user=app hostaddr=127.0.0.1", "hostaddr", exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			mine := p
			if tt.passfile != "" {
				mine.passfile = tt.passfile
			}
			w := mine.startWatch(t, tt.conninfo, "--yes")
			if code := w.code(t); code != tt.code || !strings.Contains(w.said.String(), tt.want) {
				t.Errorf("exit code %d, want %d, with %q in:\n%s", code, tt.code, tt.want, w.said)
			}
		})
	}
}

// Ctrl-C at the question leaves nothing, and neither does a no.
func TestWatchAsked(t *testing.T) {
	t.Parallel() // it measures nothing
	p := newPair(t)
	before := p.dump(t, p.a)
	w := p.startWatch(t, p.conninfo())
	w.until(t, "go on? [y/N]")
	must(t, w.cmd.Process.Signal(os.Interrupt))
	if code := w.code(t); code != exitInterrupted {
		t.Errorf("exit code %d after Ctrl-C, want %d:\n%s", code, exitInterrupted, w.said)
	}
	w = p.startWatch(t, p.conninfo())
	w.until(t, "go on? [y/N]")
	w.typed(t, "n")
	if code := w.code(t); code != exitUsage {
		t.Errorf("exit code %d after a no, want %d:\n%s", code, exitUsage, w.said)
	}
	if after := p.dump(t, p.a); after != before {
		t.Errorf("something was made:\n%s", after)
	}
}

// Two watches of one database do not disturb each other; Ctrl-C ends one at the second
// time, and the condition the other, when nothing can be dropped any more.
func TestWatchBesideAnother(t *testing.T) {
	p := newPair(t)
	before := p.dump(t, p.a)
	first := p.startWatch(t, p.conninfo(), "--yes", "--stop-if", "outage>2s")
	first.until(t, "you may begin")
	second := p.startWatch(t, p.conninfo(), "--yes", "--lang", "zh")
	second.until(t, "drillbook_watch_") // the other's schema is named
	second.until(t, "您可以操作了")
	must(t, second.cmd.Process.Signal(os.Interrupt))
	second.until(t, "仍在监看")
	time.Sleep(sameRequest + 100*time.Millisecond)
	must(t, second.cmd.Process.Signal(os.Interrupt))
	if d := second.ends(t, measure.Unjudged); d.Record.Tail.Interrupted {
		t.Error("two Ctrl-C are taken for an interrupt")
	}
	p.b.ctl(t, "stop", "-m", "fast")
	p.a.ctl(t, "stop", "-m", "fast")
	if code := first.code(t); code != exitMissed {
		t.Errorf("exit code %d after its condition, want %d:\n%s", code, exitMissed, first.said)
	}
	if said := first.said.String(); !strings.Contains(said, "could not be dropped") ||
		!strings.Contains(said, "DROP SCHEMA IF EXISTS drillbook_watch_") {
		t.Errorf("it is not said how to drop what is left:\n%s", said)
	}
	p.a.start(t)
	_, undo, _ := strings.Cut(first.said.String(), "by hand: ")
	undo, _, _ = strings.Cut(undo, "\n")
	p.a.sql(t, "shop", undo)
	if after := p.dump(t, p.a); after != before {
		t.Errorf("what it says does not drop everything:\n%s", after)
	}
}

// One address cannot be followed, and that is said; SIGTERM ends a watch in order.
func TestWatchOneAddress(t *testing.T) {
	t.Parallel() // its figures are not looked at
	p := newPair(t)
	p.a.sql(t, "shop", "CREATE ROLE reader LOGIN", "GRANT CREATE ON DATABASE shop TO reader") // the least
	conninfo := "host=127.0.0.1 user=reader dbname=shop sslmode=disable port=" + strconv.Itoa(p.a.port)
	w := p.startWatch(t, conninfo, "--yes", "--runbook", "postgres/planned-switchover")
	w.until(t, "one address")
	w.until(t, "you may begin")
	w.typed(t, "")
	w.typed(t, "what I see")
	w.until(t, "noted: what I see")
	must(t, w.cmd.Process.Signal(syscall.SIGTERM))
	if code := w.code(t); code != exitUnmeasurable { // steps are missing
		t.Errorf("exit code %d, want %d:\n%s", code, exitUnmeasurable, w.said)
	}
	if d := w.watched(t); d.Result.Steps[0].Outcome != measure.Passed || !d.Result.Writes.Counted {
		t.Errorf("%+v", d.Result)
	}
}

// Behind a pooler that gives a server away after every transaction, it is measured all the
// same, and said that something is in between.
func TestWatchBehindPooler(t *testing.T) {
	p := newPair(t)
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("no pooler here: apt-get install pgbouncer")
	}
	before := p.dump(t, p.a)
	pool := ownServer{filepath.Dir(bouncer), p.a.dir, freePort(t), p.a.as}
	pool.put(t, "users.txt", `"app" "`+ownPassword+`"`+"\n")
	pool.put(t, "pool.ini", "[databases]\nshop = host=127.0.0.1 port="+strconv.Itoa(p.a.port)+"\n[pgbouncer]\n"+
		"listen_addr = 127.0.0.1\nlisten_port = "+strconv.Itoa(pool.port)+"\nunix_socket_dir =\n"+
		"auth_type = scram-sha-256\n"+
		"auth_file = "+filepath.Join(p.a.dir, "users.txt")+"\npool_mode = transaction\nserver_tls_sslmode = require\n"+
		"pidfile = "+filepath.Join(p.a.dir, "pool.pid")+"\nlogfile = "+filepath.Join(p.a.dir, "pool.log")+"\n")
	pool.program(t, "pgbouncer", "-d", filepath.Join(p.a.dir, "pool.ini"))
	t.Cleanup(func() {
		text, err := os.ReadFile(filepath.Join(p.a.dir, "pool.pid"))
		must(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		must(t, err)
		must(t, syscall.Kill(pid, syscall.SIGTERM))
	})
	w := p.startWatch(t, "host=127.0.0.1 user=app dbname=shop port="+strconv.Itoa(pool.port), "--yes", "--for", "4s")
	w.until(t, "something passes clients on")
	r := w.ends(t, measure.Unjudged).Result
	if out := certain(r.Outages); r.Writes.Acked < 100 || len(out) > 0 {
		t.Errorf("%+v %+v", r.Writes, out)
	}
	if after := p.dump(t, p.a); after != before {
		t.Errorf("the watch has left something:\n%s", after)
	}
}

// What cannot be meant is refused before anything is reached.
func TestWatchFlags(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--observe-only", "--rto", "2s"}, "--observe-only writes nothing"},
		{[]string{"--observe-only", "--rpo", "0"}, "--observe-only writes nothing"},
		{[]string{"--stop-if", ""}, "--stop-if"},
		{[]string{"--runbook", "dm8/takeover"}, "another product"},
	} {
		args := append([]string{"watch", "--for", "1s", "--yes", "host=192.0.2.1"}, tt.args...)
		if code, _, stderr := command(t, args...); code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q = %d, %q; want %d, with %q", args, code, stderr, exitUsage, tt.want)
		}
	}
}
