package dm8_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/runbooks"
	"drillbook/scenarios/dm8"
)

const (
	// everyStep has TestKillsAfterSteps kill every process after each step of
	// the scenarios that onlyEnv names, or of all; otherwise it kills the new
	// primary of a takeover, after which little has to be waited for.
	everyStep = "DRILLBOOK_EVERY_STEP"
	// killEnv tells the process of one drill what it is to kill, and killedOut
	// where to write.
	killEnv   = "DM8_KILL"
	killedOut = "DM8_KILL_OUT"
	// killedWithin is how long one such drill may take, with its repair.
	killedWithin = 8 * time.Minute
)

// kill is a process that is killed at once after a step has ended.
type kill struct {
	book    string
	step    int // number
	program string
	host    string
}

func (k kill) String() string { return fmt.Sprintf("%s/%d/%s@%s", k.book, k.step, k.program, k.host) }

// killOf reads what String has written.
func killOf(text string) (k kill, err error) {
	text = strings.NewReplacer("/", " ", "@", " ").Replace(text)
	var product, name string
	_, err = fmt.Sscan(text, &product, &name, &k.step, &k.program, &k.host)
	k.book = product + "/" + name
	return k, err
}

// kills are all, or the one after which the drill goes on at once.
func kills(lib runbooks.Library) []kill {
	if os.Getenv(everyStep) == "" {
		return []kill{{"dm8/takeover", 5, "dmserver", "dm2"}}
	}
	only := strings.Fields(os.Getenv(onlyEnv))
	var all []kill
	for _, s := range dm8.Product().All() {
		if s.Alone || len(only) > 0 &&
			!slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(s.Runbook, end) }) {
			continue // build-group has no group to repair before its end
		}
		book, err := lib.Get(s.Runbook)
		if err != nil {
			panic(err) // the suite's own check finds it before
		}
		for _, step := range book.Steps {
			for _, host := range s.Members {
				all = append(all, kill{s.Runbook, step.Number, "dmserver", host},
					kill{s.Runbook, step.Number, "dmwatcher", host})
			}
			all = append(all, kill{s.Runbook, step.Number, "dmmonitor", "monitor"})
		}
	}
	return all
}

// TestKillsAfterSteps kills a process of the group after a step of a runbook, in
// drills that are processes of their own, since Ginkgo has one suite for each.
// The drill goes on and ends as it can. Then its record must be whole, and its
// verdict one of the three and, unless it is met, stated with reasons. Before its
// cluster is taken down the drill's process repairs the group with what
// rebuild-standby does; see repair.
func TestKillsAfterSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kills(lib) {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel() // they wait most of the time
			killAfter(t, k)
		})
	}
}

func killAfter(t *testing.T, k kill) {
	t.Helper()
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), killedWithin)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run", "^TestOneKill$", "-test.v")
	c.Env = append(os.Environ(), killEnv+"="+k.String(), killedOut+"="+out)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		t.Errorf("%s: %v", k, err)
	}
	defer func() {
		if t.Failed() {
			t.Log(said.String())
		}
	}()
	rec, err := record.ReadFile(filepath.Join(out, strings.ReplaceAll(k.book, "/", "-"), "record.jsonl"))
	if err != nil || rec.Tail == nil {
		t.Fatalf("record = %v, want a whole one", err)
	}
	res := measure.Of(rec)
	switch res.Verdict {
	case measure.Met:
	case measure.Missed, measure.Unmeasurable:
		if len(res.Reasons) == 0 {
			t.Errorf("the verdict is %s, for no reason", res.Verdict)
		}
	case measure.Unjudged:
		t.Error("nothing was judged, in spite of a promise")
	default:
		t.Errorf("verdict = %q, want one of the three", res.Verdict)
	}
	text, err := os.ReadFile(filepath.Join(out, repairedFile))
	if err != nil {
		t.Fatalf("the repair: %v", err)
	}
	t.Logf("%s: %s, then %s", k, res.Verdict, text)
}
