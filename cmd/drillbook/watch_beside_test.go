package main

import (
	"context"
	"errors"
	"fmt"
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
	overlap := 0
	for range n {
		drilled, watched := besideDrill(t, p)
		if drilled.Least <= watched.Most && watched.Least <= drilled.Most {
			overlap++
		}
		t.Logf("the drill has %s to %s, the watch %s to %s", drilled.Least, drilled.Most, watched.Least, watched.Most)
	}
	if overlap < n {
		t.Errorf("in %d of %d the brackets overlap", overlap, n)
	}
}

// besideDrill carries out a drill that waits for its answers, and a watch beside it.
func besideDrill(t *testing.T, p program) (drilled, watched measure.Bracket) {
	t.Helper()
	drill := p.command(t, "run", "postgres/planned-switchover", "--host", "container", "--consent", "ask", "--out",
		"drill")
	answers, err := drill.StdinPipe()
	must(t, err)
	asked := begin(t, drill)
	must(t, wait.For(t.Context(), "the first question", time.Minute, func(context.Context) error {
		return asked.has("go on? [y/N]")
	}))
	at := "host=" + strings.Join(membersOf(t, p), ",") + " user=postgres dbname=postgres sslmode=disable"
	watch := p.command(t, "watch", at, "--yes", "--out", "watch", "--rate", "100")
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
	return firstOutage(t, p, "drill"), firstOutage(t, p, "watch")
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

// firstOutage is the first outage of clients' writes in the last record of a folder.
func firstOutage(t *testing.T, p program, out string) measure.Bracket {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, out, "latest", "*", "record.jsonl"))
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("the records are %v", files)
	}
	rec, err := record.ReadFile(files[0])
	must(t, err)
	for _, o := range measure.Of(rec).Outages {
		if s := rec.Head.Streams[o.Stream]; s.Kind == record.Write && s.Member == "" {
			return o.Bracket
		}
	}
	t.Fatal(fmt.Errorf("%s has no outage", files[0]))
	return measure.Bracket{}
}
