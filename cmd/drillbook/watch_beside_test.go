package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// TestWatchBesideDrill: a watch of a cluster measures what the drill measures that switches it
// over meanwhile: the brackets of both overlap.
func TestWatchBesideDrill(t *testing.T) {
	takesLong(t)
	n, err := strconv.Atoi(os.Getenv(pairsEnv))
	if err != nil {
		t.Skipf("%s says how many drills; it measures time, so nothing may run beside it", pairsEnv)
	}
	p := newProgram(t, t.TempDir())
	p.docker = ownEngine
	overlap, near := 0, 0
	for range n {
		drilled, watched := besideDrill(t, p)
		if drilled.overlaps(watched, 0) {
			overlap++
		}
		if drilled.overlaps(watched, max(drilled.err, watched.err)) {
			near++
		}
		t.Logf("the drill has %s to %s, the watch %s to %s", drilled.Least, drilled.Most, watched.Least, watched.Most)
	}
	t.Logf("in %d of %d the brackets overlap", overlap, n)
	if near < n { // the server does not end the sessions of two clients at one moment
		t.Errorf("in %d of %d the brackets overlap within the error of a probe", near, n)
	}
}

// sameProbe has a drill and a watch ask as often and wait as long: how long an outage is
// depends on when a client gives up and tries again. Two probes that ask 200 times a second
// are too many for one small machine.
func sameProbe() []string { return []string{"--rate", "50", "--connect", "500ms", "--reply", "500ms"} }

// besideDrill carries out a drill that waits for its answers, and a watch beside it.
func besideDrill(t *testing.T, p program) (drilled, watched seen) {
	t.Helper()
	drill := p.command(t, append([]string{
		"run", "postgres/planned-switchover", "--host", "container", "--consent", "ask", "--out", "drill",
	}, sameProbe()...)...)
	answers, err := drill.StdinPipe()
	must(t, err)
	asked := begin(t, drill)
	must(t, wait.For(t.Context(), "the first question", time.Minute, func(context.Context) error {
		return asked.has("go on? [y/N]")
	}))
	at := "host=" + strings.Join(membersOf(t, p), ",") + " user=postgres dbname=postgres sslmode=disable"
	watch := p.command(t, append([]string{"watch", at, "--yes", "--out", "watch"}, sameProbe()...)...)
	person, err := watch.StdinPipe()
	must(t, err)
	said := begin(t, watch)
	must(t, wait.For(t.Context(), "the watch to begin", time.Minute, func(context.Context) error {
		return said.has("you may begin")
	}))
	_, err = io.WriteString(answers, "y\n")
	must(t, err)
	must(t, wait.For(t.Context(), "the second question", time.Minute, func(context.Context) error {
		if strings.Count(asked.String(), "go on? [y/N]") < 2 {
			return errors.New("it was not asked")
		}
		return nil
	}))
	_, err = io.WriteString(person, "q\n")
	must(t, errors.Join(err, watch.Wait()))
	_, err = io.WriteString(answers, "y\n")
	must(t, errors.Join(err, drill.Wait()))
	watched = longestOutage(t, p, "watch", time.Time{})
	return longestOutage(t, p, "drill", watched.middle), watched // the drill goes on, and switches back
}

// begin starts a command and returns what it says.
func begin(t *testing.T, c *exec.Cmd) *safe {
	t.Helper()
	var out safe
	c.Stdout, c.Stderr = &out, &out
	must(t, c.Start())
	return &out
}

// membersOf are the addresses at which clients dial the members of the drill under way.
func membersOf(t *testing.T, p program) []string {
	t.Helper()
	const format = `{{range $name, $n := .NetworkSettings.Networks}}{{$name}}={{$n.IPAddress}} {{end}}`
	var all []string
	for _, line := range p.onEngine(t) {
		_, name, _ := strings.Cut(line, " ")
		if !strings.HasSuffix(name, "-a") && !strings.HasSuffix(name, "-b") {
			continue
		}
		out, err := exec.CommandContext(t.Context(), "docker", "inspect", "-f", format, name).Output()
		must(t, err)
		for network := range strings.FieldsSeq(string(out)) {
			if before, ip, ok := strings.Cut(network, "="); ok && strings.HasSuffix(before, "-public") {
				all = append(all, ip)
			}
		}
	}
	if len(all) != 2 {
		t.Fatalf("the members are at %v", all)
	}
	return all
}

// seen is an outage of clients' writes as a probe has measured it.
type seen struct {
	measure.Bracket

	middle time.Time
	err    time.Duration // of the probe
}

// overlaps reports whether both brackets have a length in common, or nearly so.
func (s seen) overlaps(o seen, nearly time.Duration) bool {
	return s.Least <= o.Most+nearly && o.Least <= s.Most+nearly
}

// longestOutage is the longest one in the last record of a folder, of those under way at a
// time unless that is zero.
func longestOutage(t *testing.T, p program, out string, at time.Time) (longest seen) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, out, "latest", "*", "record.jsonl"))
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("the records are %v", files)
	}
	rec, err := record.ReadFile(files[0])
	must(t, err)
	res := measure.Of(rec)
	for _, o := range res.Outages {
		s, from, to := rec.Head.Streams[o.Stream], rec.Head.Began.Add(o.From), rec.Head.Began.Add(o.To)
		if s.Kind == record.Write && s.Member == "" && o.Most > longest.Most &&
			(at.IsZero() || from.Before(at) && to.After(at)) {
			longest = seen{o.Bracket, from.Add(to.Sub(from) / 2), res.Error}
		}
	}
	if longest.Most == 0 {
		t.Fatalf("%s has no outage at %s", files[0], at)
	}
	return longest
}
