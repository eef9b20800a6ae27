package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// storm is a fault in name only.
type storm struct{}

func (storm) String() string                                 { return "host of a is lost" }
func (s storm) Phrase() phrase.Phrase                        { return phrase.Quote(s.String()) }
func (storm) Mechanism() phrase.Phrase                       { return phrase.Quote("docker kill") }
func (storm) Inject(context.Context) error                   { return nil }
func (storm) Confirm(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, nil }
func (storm) Holds(context.Context) (phrase.Phrase, error)   { return phrase.Phrase{}, nil }
func (storm) Heal(context.Context) error                     { return nil }
func (storm) Healed(context.Context) (phrase.Phrase, error)  { return phrase.Phrase{}, nil }

// killed leaves the ledger of a run that was killed with a fault in force.
func killed(t *testing.T, run, site string) (path string) {
	t.Helper()
	dir, err := dsl.Ledgers()
	must(t, err)
	return killedIn(t, dir, run, site)
}

// killedIn does that in a folder of ledgers.
func killedIn(t *testing.T, dir, run, site string) (path string) {
	t.Helper()
	l, err := fault.OpenLedger(dir, fault.RunFaults{
		Run: run, Undo: "remove the run's containers and networks", Site: site,
		Reach: "DOCKER_HOST=tcp://10.0.0.5:2375",
	})
	must(t, err)
	must(t, l.Add(fault.NewEntry(storm{})))
	must(t, l.Close())
	return filepath.Join(dir, run+".faults")
}

// A fault is forgotten only if nothing is left of what it was done to, or if a
// person says so.
func TestHealForgetsOnlyWhatIsGone(t *testing.T) {
	for _, tt := range []struct {
		name, site string
		args       []string
		code       int
		kept       bool
		said       string
	}{
		{"on an engine that was not asked", "ABCD:EF", nil, exitEnvironment, true, "`drillbook heal --forget r1`"},
		{"which names it", "ABCD:EF", nil, exitEnvironment, true, "(`DOCKER_HOST=tcp://10.0.0.5:2375 drillbook heal`)"},
		{"of which nobody said where it is", "", nil, exitEnvironment, true, "for all that is known it still is"},
		{"on this machine, where nothing is left", "local", nil, 0, false, "nothing of the run is left"},
		{"that a person knows to be gone", "ABCD:EF", []string{"--forget", "r1"}, 0, false, "forgotten, as you said"},
		{"while another is forgotten", "ABCD:EF", []string{"--forget", "r2"}, exitUsage, true, "r2: no dead run"},
		{"which --all does not find", "ABCD:EF", []string{"--all", "--yes"}, exitEnvironment, true, "--forget r1`"},
		{"--yes to nothing", "ABCD:EF", []string{"--yes"}, exitUsage, true, "--all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
			ledger := killed(t, "r1", tt.site)
			code, stdout, stderr := command(t, append([]string{"heal"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.said) {
				t.Errorf("heal = %d, %q, %q, want %d and %q", code, stdout, stderr, tt.code, tt.said)
			}
			if _, err := os.Stat(ledger); (err == nil) != tt.kept {
				t.Errorf("the ledger: %v, want it kept: %t", err, tt.kept)
			}
			if strings.Contains(stdout, "undone") {
				t.Errorf("it says that it undid what it never saw:\n%s", stdout)
			}
		})
	}
}

// What has become of a fault depends on where its run was and what was found.
func TestFaultsLeftBehind(t *testing.T) {
	page := fault.RunFaults{Run: "r1", Site: "E1", Undo: "remove the containers"}
	removed := host.CleanedUp{Site: host.Site{ID: "E2"}, Removed: []string{"r1"}}
	left := host.CleanedUp{Site: host.Site{ID: "E1"}, Left: []host.Leftover{{Run: "r1"}}}
	for _, tt := range []struct {
		name   string
		healed []host.CleanedUp
		want   string
		gone   bool
	}{
		{"no engine answered", []host.CleanedUp{{}}, "it still is", false},
		{"another engine was asked", []host.CleanedUp{{Site: host.Site{ID: "E2"}}}, "it still is", false},
		{"it was removed", []host.CleanedUp{{}, removed}, "undone: remove the containers", true},
		{"it was left", []host.CleanedUp{{}, left}, "it is left", false},
		{"its engine has nothing of it", []host.CleanedUp{{Site: host.Site{ID: "E1"}}}, "nothing of the run", true},
	} {
		became, gone := cleanup{words: wordsIn("en")}.faultsOf(page, tt.healed)
		if !strings.Contains(became, tt.want) || gone != tt.gone {
			t.Errorf("%s: fate = %q, %t, want %q, %t", tt.name, became, gone, tt.want, tt.gone)
		}
	}
	h := cleanup{words: wordsIn("en")}
	if became, gone := h.faultsOf(fault.RunFaults{Run: "r1"}, []host.CleanedUp{{}}); gone {
		t.Errorf("a ledger that does not say where its run was is %q", became)
	}
}

// Without a cache folder there is nothing wrong with the command line.
func TestHealWithoutACacheFolder(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	if code, _, stderr := command(t, "heal"); code != exitEnvironment || !strings.Contains(stderr, "set HOME") {
		t.Errorf("heal = %d, %q, want %d and what to set", code, stderr, exitEnvironment)
	}
}

// Only a yes removes what may be alive.
func TestConfirm(t *testing.T) {
	var said strings.Builder
	l := host.Leftover{Run: "r1", Owner: "ci@job-17", Objects: 4, Why: "its lock is not here"}
	ask := confirmRemoval(t.Context(), strings.NewReader("y\nno\n"), &said, false, wordsIn("en"))
	for i, want := range []bool{true, false, false} { // and at last nobody answers
		if got := ask(l); got != want {
			t.Errorf("answer %d = %t, want %t", i, got, want)
		}
	}
	const want = "run r1: 4 containers, networks and volumes, made at an unknown time by ci@job-17"
	if !strings.Contains(said.String(), want) {
		t.Errorf("it asks %q, want %q", said.String(), want)
	}
	if ask := confirmRemoval(t.Context(), strings.NewReader(""), &said, true, wordsIn("en")); !ask(l) {
		t.Error("--yes is no yes")
	}
}

// A run that is told something wrong does nothing, and above all heals nothing.
func TestRunChecksBeforeItHeals(t *testing.T) {
	needLocal(t)
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	ledger := killed(t, "r1", "local") // which healing forgets
	for _, tt := range []struct {
		name, want string
		args       []string
		code       int
	}{
		{"an unknown parameter", "none of the runbooks has a parameter", []string{"--set", "nowhere=1"}, exitUsage},
		{"a value that is not allowed", "it may be", []string{"--set", "mode=maybe"}, exitUsage},
		{
			"runbooks that carry out nothing", "is carried out by no It",
			[]string{"--runbooks", copyRunbooks(t, "postgres/lost-primary.md", "Promote the standby", "Promote it")},
			exitUsage,
		},
		{"an unknown consent", "ask or none", []string{"--consent", "maybe"}, exitUsage},
	} {
		args := append([]string{"run", "postgres/lost-primary", "--host", "local"}, tt.args...)
		code, stdout, stderr := command(t, args...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: %d, %q, want %d and %q", tt.name, code, stderr, tt.code, tt.want)
		}
		if _, err := os.Stat(ledger); err != nil || strings.Contains(stdout, "r1") {
			t.Errorf("%s: it has healed (%v): %s", tt.name, err, stdout)
		}
		if left, _ := filepath.Glob("reports/out/*"); len(left) > 0 {
			t.Errorf("%s: left behind: %v", tt.name, left)
		}
	}
}
