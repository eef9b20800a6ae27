package iris_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

const (
	// killsEnv is how many programs TestKills kills, and seedEnv what chooses them and
	// their moments. Without the first it is one, of which much has to be repaired; without
	// the second the seed is a new one each time.
	killsEnv = "IRIS_KILLS"
	seedEnv  = "IRIS_SEED"
	// killEnv tells the process of one drill what it is to kill, and killedOut where to write.
	killEnv   = "IRIS_KILL"
	killedOut = "IRIS_KILL_OUT"
	// killedWithin is how long one such drill may take, with its repair.
	killedWithin = 8 * time.Minute
)

const (
	switchBook = "iris/planned-switch-and-failback"
	addBook    = "iris/add-existing-database"
)

// kill is a program that is killed some time after a step has begun, or when the step ends,
// whichever is sooner.
type kill struct {
	book    string
	step    int // number
	program string
	host    string // either: the member that it runs on
	after   time.Duration
}

const either = "either"

func (k kill) String() string {
	after := k.after.String()
	if k.after == atEnd {
		after = "end"
	}
	return fmt.Sprintf("%s/%d/%s@%s+%s", k.book, k.step, k.program, k.host, after)
}

// killOf reads what String has written.
func killOf(text string) (k kill, err error) {
	text = strings.NewReplacer("/", " ", "@", " ", "+", " ").Replace(text)
	var product, name, after string
	if _, err = fmt.Sscan(text, &product, &name, &k.step, &k.program, &k.host, &after); err != nil {
		return k, err
	}
	k.book = product + "/" + name
	if k.after = atEnd; after == "end" {
		return k, nil
	}
	k.after, err = time.ParseDuration(after)
	return k, err
}

// target is a program of the mirror.
type target struct{ program, host string }

func targets() []target {
	return []target{
		{"irisdb", "server01"},
		{"irisdb", "server02"},
		{"ISCAgentUser", "server01"},
		{"ISCAgentUser", "server02"},
		{"ISCAgentUser", "arbiter"},
		{"irisprod", either},
	}
}

// longest is the most that a moment lies behind the begin of its step; few steps last longer.
const longest = 4 * time.Second

// draw chooses n kills: both pages by turns, every program once before one comes again, and
// moments of all sizes, since much happens right after a step has begun.
func draw(steps map[string]int, seed uint64, n int) []kill {
	chance := rand.New(rand.NewPCG(seed, 0))
	books, all := []string{switchBook, addBook}, targets()
	drawn := make([]kill, 0, n)
	for i := range n {
		if i%len(all) == 0 {
			chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		book, t := books[i%len(books)], all[i%len(all)]
		after := math.Pow(float64(longest/time.Millisecond), chance.Float64())
		drawn = append(drawn, kill{
			book: book, step: 1 + chance.IntN(steps[book]), program: t.program, host: t.host,
			after: time.Duration(after) * time.Millisecond,
		})
	}
	return drawn
}

// kills are those that were asked for, or the loss of the primary in the midst of a switch.
func kills(t *testing.T) []kill {
	t.Helper()
	text := os.Getenv(killsEnv)
	if text == "" {
		t.Skip("make kills PRODUCT=iris does it")
	}
	n, err := strconv.Atoi(text)
	if (err != nil || n < 1) && text != allKills {
		t.Fatalf("%s=%s is no number of kills such as 25, nor %s", killsEnv, text, allKills)
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedEnv); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedEnv, err)
		}
	}
	t.Logf("seed %d; the same again: make kills PRODUCT=iris SEED=%[1]d KILLS=%s", seed, text)
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if text == allKills {
		return everyKill(t, lib, seed)
	}
	return draw(stepsOf(t, lib, iris.Product().All()), seed, n)
}

// TestKills kills a program of the mirror at a moment of a page, in drills that are processes
// of their own, since Ginkgo has one suite for each. The drill goes on and ends as it can.
// Then nothing of it may be left, and its record must be whole and say how each member
// stood. Before its cluster is taken down the drill's process repairs the mirror and carries
// the page out again; see repair.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
	for i, k := range kills(t) {
		t.Run(fmt.Sprintf("%02d/%s", i+1, k), func(t *testing.T) {
			t.Parallel() // they wait most of the time
			killAt(t, k)
		})
	}
}

func killAt(t *testing.T, k kill) {
	t.Helper()
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), killedWithin)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run", "^TestOneKill$", "-test.v")
	c.Env = append(os.Environ(), killEnv+"="+k.String(), killedOut+"="+out)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	defer func() {
		if t.Failed() {
			t.Log(said.String())
		}
	}()
	if err != nil {
		t.Errorf("%s: %v", k, err)
	}
	rec, err := record.ReadFile(filepath.Join(out, strings.ReplaceAll(k.book, "/", "-"), "record.jsonl"))
	if err != nil || rec.Tail == nil {
		t.Fatalf("record = %v, want a whole one", err)
	}
	res := measure.Of(rec)
	if !slices.Contains([]measure.Verdict{measure.Met, measure.Missed, measure.Unmeasurable}, res.Verdict) {
		t.Errorf("verdict = %q, want one of the three", res.Verdict)
	}
	if res.Verdict != measure.Met && len(res.Reasons) == 0 {
		t.Errorf("the verdict is %s, for no reason", res.Verdict)
	}
	stood := statesTold(t, k, rec, out)
	nothingLeft(t, rec.Head.Run)
	text, err := os.ReadFile(filepath.Join(out, repairedFile))
	if err != nil {
		t.Fatalf("the repair: %v", err)
	}
	t.Logf("%s: %s; at its end %s; %s", k, res.Verdict, stood, text)
}

// statesTold makes sure that the record says how each member stood: of one whose instance was
// killed, also after that. The report must show it.
func statesTold(t *testing.T, k kill, rec *record.Record, out string) string {
	t.Helper()
	last, seen, killedAt := map[string]string{}, map[string]time.Duration{}, map[string]time.Duration{}
	for _, e := range rec.Events {
		switch {
		case e.Kind == record.Role:
			last[e.Member], seen[e.Member] = cmp.Or(e.What, "no answer"), e.At
		case e.Kind == record.Command && strings.Contains(e.What, killLine):
			killedAt[e.Member] = e.At - e.Took
		}
	}
	files, _ := filepath.Glob(filepath.Join(out, "*", "index.html"))
	var page []byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Errorf("the report: %v", err)
		}
		page = append(page, text...)
	}
	all := make([]string, 0, len(rec.Head.Members))
	for _, m := range rec.Head.Members {
		if last[m] == "" {
			t.Errorf("the record does not say how %s stood", m)
		}
		if at, ok := killedAt[m]; ok && seen[m] < at && k.program == "irisdb" {
			t.Errorf("the record says how %s stood at %s, before its instance was killed at %s", m, seen[m], at)
		}
		if !bytes.Contains(page, []byte(m)) {
			t.Errorf("the report does not name %s", m)
		}
		all = append(all, m+": "+last[m])
	}
	return strings.Join(all, ", ")
}

// nothingLeft makes sure that nothing of a run is on the engine or in the ledger of faults.
func nothingLeft(t *testing.T, run string) {
	t.Helper()
	for _, what := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		argv := slices.Concat(what, []string{"--filter", "label=drillbook.run=" + run})
		left, err := exec.CommandContext(t.Context(), "docker", argv...).Output()
		if err != nil || len(left) > 0 {
			t.Errorf("docker %s: %q, %v; want nothing", strings.Join(argv, " "), left, err)
		}
	}
	dir, err := dsl.Ledgers()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+run+"*"))
	if err != nil || len(files) > 0 {
		t.Errorf("ledger of run %s: %v, %v; want none", run, files, err)
	}
}

// writeReport is what the command does at the end of a run.
func writeReport(suite *dsl.Suite, out string) error { return reports.Write(out, suite.Report(), "en") }

// TestDraw makes sure that a seed says it all, that all programs and both pages come up, and
// that the process of a drill understands what it is told.
func TestDraw(t *testing.T) {
	t.Parallel()
	const n = 25
	steps := map[string]int{switchBook: 14, addBook: 13}
	first := draw(steps, 7, n)
	if !slices.Equal(first, draw(steps, 7, n)) {
		t.Error("the same seed draws differently")
	}
	if slices.Equal(first, draw(steps, 8, n)) {
		t.Error("another seed draws the same")
	}
	seen, pages := map[target]int{}, map[string]int{}
	for _, k := range first {
		seen[target{k.program, k.host}]++
		pages[k.book]++
		if k.step < 1 || k.step > steps[k.book] || k.after < time.Millisecond || k.after > longest {
			t.Errorf("%s is no moment of the page", k)
		}
		if back, err := killOf(k.String()); err != nil || back != k {
			t.Errorf("killOf(%s) = %s, %v", k, back, err)
		}
	}
	for _, want := range targets() {
		if seen[want] < n/len(targets()) {
			t.Errorf("%v is killed %d times in %d", want, seen[want], n)
		}
	}
	if pages[switchBook] < n/2 || pages[addBook] < n/2 {
		t.Errorf("pages = %v, want both", pages)
	}
}
