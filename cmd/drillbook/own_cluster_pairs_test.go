package main

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// pairsEnv is how many pairs of drills [TestOwnClusterAsInContainers] carries out.
const pairsEnv = "DRILLBOOK_PAIRS"

// probeLikeAny has the probe of a drill on one's own cluster be that of any other.
func probeLikeAny() []string {
	return []string{"--rate", "200", "--connect", "100ms", "--reply", "250ms"}
}

// TestOwnClusterAsInContainers: what clients suffer by the loss of a host is the same over ssh
// as in containers that drillbook makes, within a fifth, since the machines are containers too.
func TestOwnClusterAsInContainers(t *testing.T) {
	onOwnCluster(t)
	n, err := strconv.Atoi(os.Getenv(pairsEnv))
	if err != nil || n < 3 {
		t.Skipf("%s says how many pairs, 3 or more; it measures time, so nothing may run beside it", pairsEnv)
	}
	p := newSitePair(t, "plain")
	p.probe = probeLikeAny()
	// Both pairs are asynchronous, since a synchronous one of one's own is told not to wait for
	// the lost host, in more commands; so a write may be lost.
	p.makePair("async")
	p.mayMiss = true
	made := newProgram(t, t.TempDir())
	made.docker = ownEngine
	over, within := make([]time.Duration, 0, n), make([]time.Duration, 0, n)
	for range n {
		args := append([]string{
			"run", "postgres/lost-primary", "--host", "container", "--plain", "--set", "mode=async",
		}, p.probe...)
		if code, said := made.runs(t, args...); code != 0 && code != exitMissed {
			t.Fatalf("in containers it ended with %d: %s", code, said)
		}
		within = append(within, outageOf(t, made.latest("postgres-lost-primary", "record.jsonl")))
		p.drill("postgres/lost-primary", "mode=async")
		over = append(over, outageOf(t, p.latest("postgres-lost-primary", "record.jsonl")))
	}
	slices.Sort(over)
	slices.Sort(within)
	a, b := over[n/2], within[n/2]
	t.Logf("medians of %d: over ssh %s, in containers %s\nall: %v and %v", n, a, b, over, within)
	if apart := (a - b).Abs(); apart > max(a, b)/5 {
		t.Errorf("they are %s apart", apart)
	}
}

// outageOf is the middle of the longest outage of writes.
func outageOf(t *testing.T, file string) time.Duration {
	t.Helper()
	rec, err := record.ReadFile(file)
	must(t, err)
	var longest time.Duration
	for _, o := range measure.Of(rec).Outages {
		if s := rec.Head.Streams[o.Stream]; s.Kind == record.Write && s.Member == "" {
			longest = max(longest, (o.Least+o.Most)/2)
		}
	}
	return longest
}
