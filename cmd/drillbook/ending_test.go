package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
	"drillbook/runbooks"
)

// ending is a way in which a run ends.
type ending struct {
	name   string
	args   []string // what is run, "" is postgres/lost-primary
	needs  place
	refuse func(*passage, *http.Request) bool
	before func(t *testing.T, c *cell)
	at     string // the line after which it is ended
	by     func(t *testing.T, c *cell)
	want   ended
	but    map[outlet]ended // where it ends otherwise
	like   string           // the one of its kind, by name, that `go test` has in its place
}

// place is where a run must find its members.
type place int

// The places.
const (
	anyPlace    place = iota // this machine, where it can
	thisMachine              // which shows what it cannot
	containers               // which can be lost
	noPlace
)

// ended is what must come of a run: nothing else, and nothing is left, unless it
// says so.
type ended struct {
	code     int
	said     []string // at the outlet
	never    string   // said there, "" is nothing
	unheard  bool     // nobody is there to read it
	files    []string // in each of the reports
	none     bool     // there are no reports
	record   state
	verdicts string // of the drills
	skipped  int
	broken   string
	left     bool
	heals    []healed // one after the other; afterwards nothing is left
}

// healed is a call of heal.
type healed struct {
	args   []string
	docker string // "" is the engine itself
	code   int
	said   string
	left   bool
}

// state is how complete the record of a drill is.
type state string

// The states.
const (
	absent      state = ""
	cut         state = "cut"
	whole       state = "whole"
	saidStopped state = "interrupted" // and whole
)

// whichever verdict it is, met or unmeasurable: it is not looked at.
const whichever = "whichever"

// whileLost is a line of a run whose primary is lost.
const whileLost = "✔ 2. The primary's host is lost"

// asked is a run that was asked to end: it heals, saves and reports.
func asked() ended {
	return ended{
		code: exitInterrupted, said: []string{"interrupted: healing, saving and reporting"},
		files: []string{"postgres/lost-primary"}, record: saidStopped, verdicts: "unmeasurable",
	}
}

// deaf is an outcome of which nobody hears.
func deaf(o ended) ended {
	o.said, o.unheard = nil, true
	return o
}

// endings are all ways in which a run ends.
func endings(t *testing.T) []ending {
	t.Helper()
	return append(verdicts(t), append(obstacles(), append(signalled(), broken()...)...)...)
}

// verdicts are the ends of runs that nobody disturbs.
func verdicts(t *testing.T) []ending {
	t.Helper()
	stopped := ended{
		code: exitUnmeasurable, said: []string{"✔ 7.", "unmeasurable"}, never: "✘",
		files: []string{"postgres/lost-primary"}, record: whole, verdicts: "unmeasurable",
	}
	return []ending{
		{
			name: "met", args: nil,
			want: ended{
				said: []string{"✔ 7.", "met"}, files: []string{"postgres/lost-primary"}, record: whole, verdicts: "met",
			},
		},
		{
			name: "missed", args: []string{"--runbooks", promising(t, "1ms"), "--rate", "50"}, // one certainly fails
			want: ended{
				code: exitMissed, said: []string{"✘ missed"}, files: []string{"postgres/lost-primary"},
				record: whole, verdicts: "missed",
			},
		},
		{
			name: "unmeasurable, since the harness stood still after the loss",
			args: []string{"--runbooks", promising(t, "5s")}, at: "✔ 2.", by: standsStill, want: stopped,
		},
		{
			name: "unmeasurable, since the harness stood still after the takeover",
			args: []string{"--runbooks", promising(t, "5s")}, at: "✔ 3.", by: standsStill, want: stopped,
			like: "unmeasurable, since the harness stood still after the loss",
		},
	}
}

// obstacles are the ends of runs that cannot begin or go on.
func obstacles() []ending {
	const cuts = "all members share the network of this machine"
	consent := ended{
		code: exitUnmeasurable, said: []string{"about to: ", "was not given"},
		files: []string{"was not given"}, record: whole, verdicts: "unmeasurable",
	}
	return []ending{
		{
			name: "skipped, beside what is left elsewhere", args: []string{"postgres/network-cut"}, needs: thisMachine,
			before: func(t *testing.T, c *cell) { t.Helper(); killedIn(t, c.ledgers(), "r1", "ABCD:EF") },
			want: ended{
				code: exitEnvironment, said: []string{cuts, "run r1: left as it is"}, files: []string{cuts}, skipped: 1,
				left: true,
				heals: []healed{
					{code: exitEnvironment, said: "`drillbook heal --forget r1`", left: true},
					{args: []string{"--forget", "r1"}, said: "forgotten, as you said"},
				},
			},
		},
		{
			name: "skipped for a parameter", needs: thisMachine, args: []string{"--set", "hold=500ms"},
			want: ended{
				code: exitEnvironment, said: []string{"lost-primary is SKIPPED: it needs cut links"},
				files: []string{"it needs cut links, and on a local host"}, skipped: 1,
			},
		},
		{
			name: "one of two is skipped", needs: thisMachine, like: "met",
			args: []string{"postgres/lost-primary", "postgres/network-cut"},
			want: ended{
				code: exitEnvironment, said: []string{cuts}, files: []string{cuts}, skipped: 1,
				record: whole, verdicts: whichever,
			},
		},
		{
			name: "refused by a person", args: []string{"--consent", "ask"}, at: "about to: ",
			by:   func(t *testing.T, c *cell) { t.Helper(); c.types(t, "n\n") },
			want: consent,
			but: map[outlet]ended{
				ciOutlet: {code: exitUsage, said: []string{"nobody can answer"}, none: true},
			},
		},
		{
			name: "refused for its arguments", needs: noPlace, args: []string{"--trials", "0"},
			want: ended{code: exitUsage, said: []string{"at least 1"}, none: true},
		},
		{
			name:   "its host cannot open, since faults cannot be written down",
			before: func(t *testing.T, c *cell) { t.Helper(); must(t, os.WriteFile(c.ledgers(), nil, 0o600)) },
			want: ended{
				code: exitEnvironment, said: []string{"make the folder of fault ledgers"}, never: "read record",
				files: []string{"make the folder of fault ledgers"}, broken: "not-begun",
			},
		},
		{
			name: "its folder cannot be made", args: []string{"--out", "/dev/null/x"},
			want: ended{code: exitEnvironment, said: []string{"choose another with --out"}, none: true},
		},
		{
			name: "the engine is gone before", needs: noPlace, args: []string{"--host", "container"},
			want: ended{code: exitEnvironment, said: []string{"no container engine", "start Docker"}, none: true},
		},
	}
}

// signalled are the ends of runs that a person, a program or a terminal ends.
func signalled() []ending {
	goesOn := ended{
		said: []string{"Total "}, files: []string{"postgres/lost-primary"}, record: whole, verdicts: whichever,
	}
	atOnce := ended{
		code: exitInterrupted, said: []string{"`drillbook heal` removes what is left"}, none: true, record: cut,
		left: true, heals: []healed{{said: "it is dead; ended"}, {}},
	}
	return []ending{
		{
			name: "SIGINT", at: whileLost, want: asked(),
			by: func(t *testing.T, c *cell) { t.Helper(); c.interrupt(t) },
		},
		{
			name: "SIGINT where consent is asked for", args: []string{"--consent", "ask"}, at: "about to: ",
			want: asked(),
			by:   func(t *testing.T, c *cell) { t.Helper(); c.interrupt(t) },
			but:  map[outlet]ended{ciOutlet: {code: exitUsage, said: []string{"nobody can answer"}, none: true}},
		},
		{
			name: "SIGTERM twice, from timeout and make", at: whileLost, want: asked(), like: "SIGINT",
			by: func(t *testing.T, c *cell) {
				t.Helper()
				c.signal(t, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM)
			},
		},
		{name: "SIGINT twice, from a person", needs: thisMachine, at: whileLost, by: impatient, want: atOnce},
		{
			name: "SIGHUP", at: whileLost, want: asked(), but: map[outlet]ended{terminalOutlet: deaf(asked())},
			by: func(t *testing.T, c *cell) { t.Helper(); c.hangUp(t) },
		},
		{
			name: "SIGPIPE", at: whileLost, want: goesOn, but: map[outlet]ended{pipeOutlet: deaf(goesOn)},
			by: func(t *testing.T, c *cell) { t.Helper(); c.breakPipe(t) },
		},
		{
			name: "SIGPIPE, then SIGHUP and SIGTERM", at: whileLost, want: asked(), like: "SIGHUP",
			but: map[outlet]ended{pipeOutlet: deaf(asked()), terminalOutlet: deaf(asked())},
			by: func(t *testing.T, c *cell) {
				t.Helper()
				c.breakPipe(t)
				c.hangUp(t)
				c.signal(t, syscall.SIGTERM)
			},
		},
		{
			name: "SIGKILL", at: whileLost, by: kill,
			want: ended{
				code: -1, none: true, record: cut, left: true,
				heals: []healed{{said: `"host of a is lost" had been in force`}, {}},
			},
		},
	}
}

// broken are the ends of runs whose engine or disk is gone.
func broken() []ending {
	const heal = "`drillbook heal`"
	full := func(t *testing.T, c *cell) { t.Helper(); c.disk.fill(t) }
	noRoom := ended{
		code: exitEnvironment, said: []string{"no space left on device", "`drillbook report reports/out/2"}, none: true,
		record: cut,
	}
	return []ending{
		{
			name: "the engine is gone during", needs: containers, at: "✔ 1.",
			by: func(_ *testing.T, c *cell) { c.way.cut() },
			want: ended{
				code: exitEnvironment, said: []string{"has broken", heal + " removes them"},
				files: []string{"has broken"}, record: whole, verdicts: "unmeasurable",
				broken: "place-broke left-behind",
				left:   true,
				heals: []healed{
					{docker: nowhere, code: exitEnvironment, said: "drillbook heal --forget", left: true}, {},
				},
			},
		},
		{
			name: "the engine is gone after", needs: containers, refuse: goes, like: "the engine removes nothing",
			want: ended{
				code: exitEnvironment, said: []string{"is left behind: ", heal}, files: []string{"is left behind"},
				record: whole, verdicts: whichever, broken: "left-behind", left: true,
				heals: []healed{{said: "it is dead; removed"}},
			},
		},
		{
			name: "the engine removes nothing", needs: containers, refuse: keeps,
			want: ended{
				code: exitEnvironment, said: []string{"is left behind: ", heal}, files: []string{"it stays"},
				record: whole, verdicts: whichever, broken: "left-behind", left: true,
				heals: []healed{
					{
						docker: "same", code: exitEnvironment, left: true,
						said: "once that is mended, `drillbook heal` tries again",
					},
					{docker: nowhere, code: exitEnvironment, said: "drillbook heal --forget", left: true},
					{said: "it is dead; removed"},
					{},
				},
			},
		},
		{
			name: "SIGKILL, in containers", needs: containers, at: whileLost, by: kill, like: "SIGKILL",
			want: ended{
				code: -1, none: true, record: cut, left: true,
				heals: []healed{{said: `"host of a is lost" had been in force`}},
			},
		},
		{
			name: "somebody removes its record", at: whileLost,
			by: func(t *testing.T, c *cell) {
				t.Helper()
				kept, err := filepath.Glob(filepath.Join(c.dir, "reports", "out", "2*", "postgres-lost-primary"))
				must(t, err)
				for _, folder := range kept {
					must(t, os.RemoveAll(folder))
				}
			},
			want: ended{
				code: exitEnvironment, said: []string{"nothing that was recorded can be read: "},
				never: "before it began",
				files: []string{"nothing that was recorded can be read"}, broken: "record-lost",
			},
		},
		{
			name: "the disk is full before", before: func(t *testing.T, c *cell) { t.Helper(); c.smallDisk(t).fill(t) },
			want: ended{code: exitEnvironment, said: []string{"no space left on device"}, none: true},
		},
		{
			name: "the disk is full during", at: whileLost, by: full, want: noRoom,
			before: func(t *testing.T, c *cell) { t.Helper(); c.smallDisk(t) },
		},
		{
			name: "the disk is full for a while", at: whileLost, like: "the disk is full during",
			before: func(t *testing.T, c *cell) { t.Helper(); c.smallDisk(t) },
			by: func(t *testing.T, c *cell) {
				t.Helper()
				c.disk.fill(t)
				c.await(t, "✔ 4.") // by then the record has been written to
				c.disk.free(t)
			},
			want: ended{
				code: exitUnmeasurable, said: []string{"no space left on device"},
				files:  []string{"no space left on device"},
				record: whole, verdicts: "unmeasurable",
			},
		},
	}
}

// standsStill stops the harness for longer than was promised.
func standsStill(t *testing.T, c *cell) {
	t.Helper()
	must(t, c.Process.Signal(syscall.SIGSTOP))
	must(t, wait.Duration(t.Context(), 8*time.Second))
	must(t, c.Process.Signal(syscall.SIGCONT))
}

// impatient is a person who asks twice, since healing takes long: no member
// answers any more.
func impatient(t *testing.T, c *cell) {
	t.Helper()
	frozen := 0
	for _, text := range processesIn(t, c.temp) {
		pid, err := strconv.Atoi(text)
		must(t, err)
		if syscall.Kill(pid, syscall.SIGSTOP) == nil { // some end meanwhile
			frozen++
		}
	}
	if frozen == 0 {
		t.Error("no process of a member was found")
	}
	c.interrupt(t)
	must(t, wait.Duration(t.Context(), sameRequest+100*time.Millisecond))
	c.interrupt(t)
}

func kill(t *testing.T, c *cell) {
	t.Helper()
	must(t, c.Process.Kill())
}

// promising is a folder of runbooks that promise an outage no longer than this.
func promising(t *testing.T, rto string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, runbooks.Embedded()))
	for _, name := range []string{"lost-primary.md", "lost-primary.zh.md"} {
		path := filepath.Join(dir, "postgres", name)
		text, err := os.ReadFile(path)
		must(t, err)
		short := strings.NewReplacer("rto: 60s", "rto: "+rto, "rto: 1m", "rto: "+rto, "downtime=60s", "downtime="+rto,
			"downtime=1m", "downtime="+rto).Replace(string(text))
		if short == string(text) {
			t.Fatalf("%s has no promise that can be made stricter", path)
		}
		must(t, os.WriteFile(path, []byte(short), 0o600))
	}
	return dir
}
