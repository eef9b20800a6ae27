package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"drillbook/harness/drill"
	"drillbook/harness/record"
	"drillbook/reports"
)

// cell is a run that ends in one way at one outlet.
type cell struct {
	program
	*session

	way  *passage // to its engine
	disk disk
}

// walk has a run end, and looks at all that comes of it.
func (e ending) walk(t *testing.T, p program, at outlet) {
	t.Helper()
	want, other := e.but[at]
	if !other {
		want = e.want
	}
	c := &cell{program: p}
	if lacking := lacksLocal(); e.needs == anyPlace && lacking != nil {
		e.needs = containers
	} else if e.needs == thisMachine && lacking != nil {
		t.Skip(lacking)
	}
	if e.needs == containers {
		c.way = engine(t, p.cache, e.refuse)
		c.docker = c.way.address
	}
	if e.before != nil {
		e.before(t, c)
	}
	c.session = at.start(t, c.command(t, e.line()...))
	within := endsWithin
	if e.by != nil && (want.record != absent || !want.none) {
		c.await(t, e.at)
		e.by(t, c)
		if want.code == exitInterrupted {
			within = interruptedWithin
		}
	}
	code := c.code(t, within)
	defer func() {
		if t.Failed() {
			t.Logf("the %s shows:\n%s", at, c.said())
		}
	}()
	if want.verdicts == whichever {
		want = c.settle(t, want)
	}
	c.checkSaid(t, code, want)
	c.checkRecord(t, want.record)
	c.checkFiles(t, want)
	c.checkLeft(t, want)
}

// line is the command line of the run.
func (e ending) line() []string {
	line := append([]string{"run"}, slices.Concat(patient(), e.args)...)
	if !strings.Contains(strings.Join(e.args, " "), "postgres/") {
		line = append(line, "postgres/lost-primary")
	}
	return line
}

// patient is a probe that many drills at once do not disturb. What it measures is
// not looked at.
func patient() []string { return []string{"--rate", "20", "--connect", "1s", "--reply", "500ms"} }

func (c *cell) checkSaid(t *testing.T, code int, want ended) {
	t.Helper()
	if code != want.code {
		t.Errorf("exit code = %d, want %d", code, want.code)
	}
	if want.unheard {
		return
	}
	said := c.said()
	for _, part := range want.said {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q", part)
		}
	}
	if want.never != "" && strings.Contains(said, want.never) {
		t.Errorf("it says %q", want.never)
	}
	shown := c.shown()
	if c.outlet != terminalOutlet && strings.Contains(shown, "\x1b") {
		t.Errorf("it sends escape codes to the %s: %q", c.outlet, shown)
	}
	if code >= 0 && strings.LastIndex(shown, "\x1b[?25l") > strings.LastIndex(shown, "\x1b[?25h") {
		t.Error("it leaves the terminal without a cursor")
	}
}

// checkRecord looks at the one record there may be.
func (c *cell) checkRecord(t *testing.T, want state) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.dir, "reports", "out", "2*", "postgres-lost-primary", drill.RecordName))
	must(t, err)
	got := absent
	if len(files) > 0 {
		rec, err := record.ReadFile(files[0])
		info, statErr := os.Stat(files[0])
		must(t, statErr)
		switch {
		case rec == nil && info.Size() == 0: // it was not even begun
		case rec == nil:
			t.Errorf("the record cannot be read: %v", err)
		case rec.Tail == nil:
			got = cut
		case rec.Tail.Interrupted:
			got = saidStopped
		default:
			got = whole
		}
	}
	if got != want || len(files) > 1 {
		t.Errorf("%d records, %q, want one at most, %q", len(files), got, want)
	}
}

// reported is what results.json says of how a run ended.
type reported struct {
	Drills  []struct{ Runbook, Verdict string }
	Skipped []struct{ Runbook, Why string }
	Broken  []struct{ What, Runbook, Why string }
}

// checkFiles looks at the reports, and makes them again: they must say the same, and
// so must the exit code.
func (c *cell) checkFiles(t *testing.T, want ended) {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(c.dir, "reports", "out", "2*"))
	must(t, err)
	if want.none {
		c.checkNone(t, runs, want)
		return
	}
	to, err := filepath.EvalSymlinks(c.latest())
	if err != nil || len(runs) != 1 || filepath.Base(to) != filepath.Base(runs[0]) {
		t.Errorf("latest leads to %s, %v, want the one of %q", to, err, runs)
	}
	c.checkReports(t, want)
	again := want.code
	if again == exitInterrupted {
		again = exitUnmeasurable
	}
	if code, said := c.runs(t, "report", c.latest()); code != again {
		t.Errorf("report = %d, want %d\n%s", code, again, said)
	}
	c.checkReports(t, want)
}

// checkNone makes sure that there are no reports, and that where there is a record
// they can be made.
func (c *cell) checkNone(t *testing.T, runs []string, want ended) {
	t.Helper()
	for _, run := range runs {
		for _, name := range reportFiles() {
			if _, err := os.Stat(filepath.Join(run, name)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: %v, want none", name, err)
			}
		}
	}
	if want.record == absent && len(runs) > 0 && c.disk.folder == "" {
		t.Errorf("folders are left: %q", runs)
	}
	if want.record == absent {
		return
	}
	if c.disk.folder != "" {
		c.disk.free(t)
	}
	if code, said := c.runs(t, "report", runs[0]); code != exitUnmeasurable {
		t.Errorf("report = %d, want %d\n%s", code, exitUnmeasurable, said)
	}
}

func reportFiles() []string {
	return []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile, reports.JUnitFile}
}

// settle fills in the verdict where it may be either: on a busy machine a promise
// that was kept may be unmeasurable.
func (c *cell) settle(t *testing.T, want ended) ended {
	t.Helper()
	text, err := os.ReadFile(c.latest(reports.ResultsFile))
	must(t, err)
	var got reported
	must(t, json.Unmarshal(text, &got))
	codes := map[string]int{"met": 0, "unmeasurable": exitUnmeasurable}
	for _, d := range got.Drills {
		code, either := codes[d.Verdict]
		if !either {
			t.Errorf("the verdict is %q, want met or unmeasurable", d.Verdict)
		}
		want.verdicts, want.code = d.Verdict, max(want.code, code) // that of the environment is the worse
	}
	return want
}

func (c *cell) checkReports(t *testing.T, want ended) {
	t.Helper()
	var got reported
	for _, name := range reportFiles() {
		text, err := os.ReadFile(c.latest(name))
		if err != nil {
			t.Error(err)
		}
		for _, part := range want.files {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s does not say %q", name, part)
			}
		}
		if name == reports.ResultsFile && err == nil {
			must(t, json.Unmarshal(text, &got))
		}
	}
	verdicts, broken := make([]string, 0, len(got.Drills)), make([]string, 0, len(got.Broken))
	for _, d := range got.Drills {
		verdicts = append(verdicts, d.Verdict)
	}
	for _, b := range got.Broken {
		broken = append(broken, b.What)
	}
	if strings.Join(verdicts, " ") != want.verdicts || len(got.Skipped) != want.skipped ||
		strings.Join(broken, " ") != want.broken {
		t.Errorf("results = %+v, want verdicts %q, %d skipped, broken %q",
			got, want.verdicts, want.skipped, want.broken)
	}
}

// checkLeft looks at what is left, and has it healed.
func (c *cell) checkLeft(t *testing.T, want ended) {
	t.Helper()
	if l := c.left(t); (len(l) > 0) != want.left {
		t.Errorf("left: %q, want anything: %t", l, want.left)
	}
	own := c.program
	if c.way != nil {
		own = own.on(t)
	}
	for _, h := range want.heals {
		p := own
		switch h.docker {
		case "":
		case "same":
			p.docker = c.way.address
		default:
			p.docker = h.docker
		}
		code, said := p.runs(t, append([]string{"heal"}, h.args...)...)
		if code != h.code || !strings.Contains(said, h.said) {
			t.Errorf("heal at %q = %d, want %d and %q\n%s", h.docker, code, h.code, h.said, said)
		}
		if l := own.left(t); (len(l) > 0) != h.left {
			t.Errorf("after heal at %q is left: %q, want anything: %t", h.docker, l, h.left)
		}
	}
}

// ledgers is the folder of the fault ledgers.
func (p program) ledgers() string { return filepath.Join(p.cache, "drillbook", "faults") }

// disk is a small one.
type disk struct{ folder string }

// smallDisk has the runs of a cell print to a disk of their own.
func (c *cell) smallDisk(t *testing.T) disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	c.disk = disk{filepath.Join(c.dir, "reports")}
	must(t, os.Mkdir(c.disk.folder, 0o755))
	mount := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=8m", "drillbook", c.disk.folder)
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("mount a small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		must(t, exec.CommandContext(context.WithoutCancel(t.Context()), "umount", c.disk.folder).Run())
	})
	return c.disk
}

func (d disk) ballast() string { return filepath.Join(d.folder, "ballast") }

// fill leaves no room on the disk.
func (d disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
	_, err = io.Copy(f, zeros{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("fill the disk: %v, want that it is full", err)
	}
	must(t, f.Close())
}

// free makes room again.
func (d disk) free(t *testing.T) {
	t.Helper()
	must(t, os.Remove(d.ballast()))
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// everyOutlet, when set, has TestEndings walk every ending at every outlet; otherwise
// it walks one of each kind, where it ends otherwise and at one more outlet.
const everyOutlet = "DRILLBOOK_EVERY_OUTLET"

// outlets are those that an ending is walked at, the number of which is given.
func (e ending) outlets(number int) []outlet {
	all := outlets()
	if os.Getenv(everyOutlet) != "" || e.needs == noPlace {
		return all
	}
	if e.like != "" {
		return nil
	}
	other := func(o outlet) bool { _, other := e.but[o]; return other }
	same := slices.DeleteFunc(slices.Clone(all), other)
	return slices.DeleteFunc(all, func(o outlet) bool { return !other(o) && o != same[number%len(same)] })
}

// Every ending that `go test` leaves to `make endings` has one there that stands for it.
func TestEndingsOfEachKind(t *testing.T) {
	ways := endings(t)
	for i, e := range ways {
		stands := func(o ending) bool { return o.name == e.like && o.like == "" }
		if e.like != "" && !slices.ContainsFunc(ways, stands) {
			t.Errorf("%s: no ending %q stands for it", e.name, e.like)
		}
		if walked := len(e.outlets(i)); e.like == "" && walked == 0 {
			t.Errorf("%s is walked nowhere", e.name)
		}
	}
}

// TestEndings walks the matrix: every way in which a run ends, at the outlets.
func TestEndings(t *testing.T) {
	takesLong(t)
	prepared := t.TempDir()
	ways := endings(t)
	all := make([]task, 0, len(ways)*len(outlets()))
	for i, e := range ways {
		for _, at := range e.outlets(i) {
			all = append(all, task{e.name + "/" + string(at), func(t *testing.T) {
				t.Helper()
				e.walk(t, newProgram(t, prepared), at)
			}})
		}
	}
	together(t, atOnce, all)
}
