package iris_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/night"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

const (
	// allKills, in the place of a number, has TestKills kill every program of the mirror after every
	// step of the pages in everyProgram, and one program after every step of the others.
	allKills = "all"
	// shardEnv is the share of the kills to carry out, i/n, so that n machines do all of them.
	shardEnv = "IRIS_SHARD"
	// atEnd is a moment behind any step: the program is killed when the step ends.
	atEnd = time.Hour
)

// everyProgram are the pages in which every program is killed after every step: a switch by plan, a
// takeover, and one that changes what is mirrored.
func everyProgram() []string { return []string{switchBook, addBook, "iris/lost-primary"} }

// drawAll are all kills. The seed chooses the programs of pages in which not all are killed, and mixes
// the kills, so that shards take about as long.
func drawAll(scenarios []dsl.Scenario, steps map[string]int, seed uint64) []kill {
	chance := rand.New(rand.NewPCG(seed, 0))
	var drawn []kill
	for _, s := range scenarios {
		all := targetsOf(s)
		for step := 1; step <= steps[s.Runbook]; step++ {
			some := all
			if !slices.Contains(everyProgram(), s.Runbook) {
				some = []target{all[chance.IntN(len(all))]}
			}
			for _, t := range some {
				drawn = append(drawn, kill{book: s.Runbook, step: step, program: t.program, host: t.host, after: atEnd})
			}
		}
	}
	chance.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	return drawn
}

// targetsOf are the programs of a page's mirror: with those of members beside the pair.
func targetsOf(s dsl.Scenario) []target {
	all := targets()
	for _, host := range s.Members {
		for _, program := range []string{"irisdb", "ISCAgentUser"} {
			if t := (target{program, host}); !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// share is what of all kills this machine carries out.
func share(all []kill, s night.Share) []kill {
	var mine []kill
	for i := s.Index - 1; i < len(all); i += s.Of {
		mine = append(mine, all[i])
	}
	return mine
}

// everyKill are all kills, or the share of them that this machine carries out.
func everyKill(t *testing.T, lib runbooks.Library, seed uint64) []kill {
	t.Helper()
	one := night.Share{Index: 1, Of: 1}
	if text := os.Getenv(shardEnv); text != "" {
		var err error
		if one, err = night.ParseShare(text); err != nil {
			t.Fatalf("%s: %v", shardEnv, err)
		}
		if os.Getenv(seedEnv) == "" {
			t.Fatalf("%s without %s: the shards would not be of the same kills", shardEnv, seedEnv)
		}
	}
	scenarios := iris.Product().All()
	all := drawAll(scenarios, stepsOf(t, lib, scenarios), seed)
	if only := strings.Fields(os.Getenv(onlyEnv)); len(only) > 0 {
		all = slices.DeleteFunc(all, func(k kill) bool {
			return !slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(k.book, end) })
		})
	}
	mine := share(all, one)
	t.Logf("shard %s: %d of %d kills", one, len(mine), len(all))
	return mine
}

// stepsOf is how many steps the page of each scenario has.
func stepsOf(t *testing.T, lib runbooks.Library, scenarios []dsl.Scenario) map[string]int {
	t.Helper()
	steps := map[string]int{}
	for _, s := range scenarios {
		book, err := lib.Get(s.Runbook)
		if err != nil {
			t.Fatal(err)
		}
		steps[s.Runbook] = len(book.Steps)
	}
	return steps
}

// TestDrawAll makes sure that every program is killed after every step of three pages, that all pages
// and steps come up, and that shards are all of it, once.
func TestDrawAll(t *testing.T) {
	t.Parallel()
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	scenarios := iris.Product().All()
	steps := stepsOf(t, lib, scenarios)
	all := drawAll(scenarios, steps, 7)
	if !slices.Equal(all, drawAll(scenarios, steps, 7)) || slices.Equal(all, drawAll(scenarios, steps, 8)) {
		t.Error("the seed does not decide what is killed")
	}
	for _, s := range scenarios {
		want := 1
		if slices.Contains(everyProgram(), s.Runbook) {
			want = len(targets())
		}
		for step := 1; step <= steps[s.Runbook]; step++ {
			seen := map[target]bool{}
			for _, k := range all {
				if k.book == s.Runbook && k.step == step {
					seen[target{k.program, k.host}] = true
				}
			}
			if len(seen) != want {
				t.Errorf("%s, step %d: %d programs are killed, want %d", s.Runbook, step, len(seen), want)
			}
		}
	}
	const machines = 3
	count := map[kill]int{}
	for i := range machines {
		for _, k := range share(all, night.Share{Index: i + 1, Of: machines}) {
			count[k]++
		}
	}
	for _, k := range all {
		if count[k] != 1 {
			t.Errorf("%s is carried out %d times", k, count[k])
		}
		if back, err := killOf(k.String()); err != nil || back != k {
			t.Errorf("killOf(%s) = %s, %v", k, back, err)
		}
	}
}
