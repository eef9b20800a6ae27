package night_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/night"
)

// library is what random nights choose from.
func library(rng *rand.Rand) []night.Runbook {
	var all []night.Runbook //nolint:prealloc // nobody knows how many
	for p := range 1 + rng.IntN(4) {
		product := fmt.Sprintf("product%d", p)
		for b := range 1 + rng.IntN(9) {
			book := night.Runbook{
				Name: fmt.Sprintf("%s/book%d", product, b), Product: product, Tiers: []string{"nightly"},
				Planned: time.Duration(rng.IntN(90)) * time.Minute,
			}
			if b == 0 || rng.IntN(2) == 0 {
				book.Tiers = append(book.Tiers, "smoke")
			}
			for q := range rng.IntN(3) {
				book.Params = append(book.Params, night.Param{
					Name: fmt.Sprintf("param%d", q), Tiers: map[string]string{"nightly": "long & slow"},
				})
			}
			all = append(all, book)
		}
	}
	return all
}

// file is a night file at random.
func file(rng *rand.Rand, known []night.Runbook) string {
	var b strings.Builder
	fmt.Fprintf(&b, "night: n%d\ndrills:\n", rng.IntN(1000))
	said := map[string]bool{}
	for _, book := range known {
		if said[book.Product] {
			continue
		}
		said[book.Product] = true
		fmt.Fprintf(&b, "  - product: %s\n", book.Product)
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&b, "    tier: %s\n", []string{"smoke", "nightly"}[rng.IntN(2)])
		} else {
			fmt.Fprintf(&b, "    runbooks: [%s]\n", strings.TrimPrefix(book.Name, book.Product+"/"))
		}
		if rng.IntN(3) > 0 {
			fmt.Fprintf(&b, "    trials: %d\n", 1+rng.IntN(5))
		}
		for v := range rng.IntN(4) {
			if v == 0 {
				b.WriteString("    versions:\n")
			}
			fmt.Fprintf(&b, "      - {name: \"%d\", image: registry/x:%d, env: {A_KEY: secret%d}}\n", v, v, v)
		}
		if len(book.Params) > 0 && rng.IntN(2) == 0 {
			b.WriteString("    params:\n      param0: [a, 600ms]\n")
		}
	}
	return b.String()
}

func plan(t *testing.T, text string, known []night.Runbook) []night.Cell {
	t.Helper()
	p, err := night.Parse("night.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cells, err := p.Cells(known)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return cells
}

// TestShardsAreTheNight: shards of nights made at random are disjoint, and together they
// are the night, whatever n is. No two differ by more than one cell.
func TestShardsAreTheNight(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 1))
	for range 1000 {
		known := library(rng)
		text := file(rng, known)
		cells := plan(t, text, known)
		took := map[string]time.Duration{}
		for _, c := range cells {
			if rng.IntN(2) == 0 {
				took[c.Name] = time.Duration(rng.IntN(600)) * time.Second
			}
		}
		names := make([]string, 0, len(cells))
		for _, c := range cells {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		again := slices.Clone(cells)
		rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for n := 1; n <= 50; n++ {
			var dealt []string
			shards := night.Deal(cells, night.TimesLike(took, cells), n)
			var other [][]night.Cell
			if n%7 == 0 {
				other = night.Deal(again, night.TimesLike(took, cells), n)
			}
			for i, shard := range shards {
				same := func(a, b night.Cell) bool { return a.Name == b.Name }
				if other != nil && !slices.EqualFunc(shard, other[i], same) {
					t.Fatalf("shard %d of %d depends on the order of the cells:\n%s", i+1, n, text)
				}
				if len(shard) < len(cells)/n || len(shard) > len(cells)/n+1 {
					t.Fatalf("shard %d of %d has %d of %d cells", i+1, n, len(shard), len(cells))
				}
				for _, c := range shard {
					dealt = append(dealt, c.Name)
				}
			}
			if slices.Sort(dealt); !slices.Equal(dealt, names) {
				t.Fatalf("%d shards have %q, the night %q:\n%s", n, dealt, names, text)
			}
		}
	}
}

const sample = `
night: hospital
drills:
  - product: pg
    versions:
      - {name: "17", image: trixie}
      - {name: "15", image: bookworm, env: {PASSWORD: "geheim"}}
    runbooks: [lost-primary, pg/switchover]
    params: {mode: [sync, async], hold: 600ms}
    trials: 2
  - {product: fake, tier: nightly}
`

func books() []night.Runbook {
	mode := night.Param{Name: "mode", Allowed: []string{"sync", "async"}}
	hold := night.Param{Name: "hold", Tiers: map[string]string{"nightly": "0s"}}
	return []night.Runbook{
		{
			Name: "pg/lost-primary", Product: "pg", Tiers: []string{"smoke", "nightly"},
			Params: []night.Param{mode, hold},
		},
		{Name: "pg/switchover", Product: "pg", Tiers: []string{"nightly"}},
		{Name: "fake/lost", Product: "fake", Tiers: []string{"nightly"}, Params: []night.Param{hold}},
	}
}

func TestCells(t *testing.T) {
	cells := plan(t, sample, books())
	got := make([]string, 0, len(cells))
	for _, c := range cells {
		got = append(got, c.Name)
	}
	want := []string{
		"pg/lost-primary:17?hold=600ms&mode=sync#1", "pg/lost-primary:17?hold=600ms&mode=sync#2",
		"pg/lost-primary:17?hold=600ms&mode=async#1", "pg/lost-primary:17?hold=600ms&mode=async#2",
		"pg/switchover:17#1", "pg/switchover:17#2",
		"pg/lost-primary:15?hold=600ms&mode=sync#1", "pg/lost-primary:15?hold=600ms&mode=sync#2",
		"pg/lost-primary:15?hold=600ms&mode=async#1", "pg/lost-primary:15?hold=600ms&mode=async#2",
		"pg/switchover:15#1", "pg/switchover:15#2",
		"fake/lost?hold=0s#1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("cells = %q, want %q", got, want)
	}
	if cells[6].Image != "bookworm" || cells[6].Env["PASSWORD"] != "geheim" {
		t.Errorf("the cell of 15 is %+v", cells[6])
	}
}

// TestDigest: whatever changes what is drilled changes the digest, and no secret is in
// what is written of a cell.
func TestDigest(t *testing.T) {
	seen := map[string]string{}
	for _, change := range [][2]string{
		{"", ""},
		{"trials: 2", "trials: 3"},
		{"bookworm", "bullseye"},
		{"geheim", "geheimer"},
		{"600ms", "700ms"},
		{"[sync, async]", "[async, sync]"},
		{"[lost-primary, pg/switchover]", "[lost-primary]"},
	} {
		cells := plan(t, strings.Replace(sample, change[0], change[1], 1), books())
		digest := night.Digest(cells)
		if before, ok := seen[digest]; ok {
			t.Errorf("with %q instead of %q the digest is that of %q", change[1], change[0], before)
		}
		seen[digest] = change[1]
		text, err := json.Marshal(cells)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "geheim") {
			t.Errorf("a secret is written down: %s", text)
		}
		var read []night.Cell
		if err := json.Unmarshal(text, &read); err != nil || night.Digest(read) != digest {
			t.Errorf("what is read again has another digest: %v", err)
		}
	}
}

func TestBadPlans(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"night: x\ndrill: []\n", `night.yaml:2: unknown field "drill"`},
		{"night: ../x\ndrills: [{product: pg, tier: smoke}]", `"../x" is no name`},
		{"night: x\n", "there are none"},
		{"night: x\ndrills: [{tier: smoke}]", "product is missing"},
		{"night: x\ndrills: [{product: pg}]", "either runbooks or a tier"},
		{"night: x\ndrills: [{product: pg, tier: smoke, runbooks: [a]}]", "either runbooks or a tier"},
		{"night: x\ndrills: [{product: pg, tier: weekly}]", `the tier "weekly" of the product "pg" has no runbooks`},
		{"night: x\ndrills: [{product: pg, runbooks: [lost]}]", "there is no pg/lost"},
		{"night: x\ndrills: [{product: pg, tier: smoke, trials: -1}]", "trials: -1"},
		{"night: x\ndrills: [{product: pg, tier: smoke, params: {mode: maybe}}]", "mode=maybe: it may be sync, async"},
		{"night: x\ndrills: [{product: pg, tier: smoke, params: {speed: 1}}]", `has a parameter "speed"`},
		{"night: x\ndrills: [{product: pg, tier: smoke, params: {mode: []}}]", `"mode" has no value`},
		{"night: x\ndrills: [{product: pg, tier: smoke, params: {mode: {a: b}}}]", "a value, or a list of values"},
		{"night: x\ndrills: [{product: pg, tier: smoke}, {product: pg, tier: smoke}]", "asked for twice"},
		{"night: x\ndrills: [{product: pg, tier: smoke, versions: [{name: a}, {name: a}]}]", "two of the name a"},
		{"night: x\ndrills: [{product: pg, tier: smoke, versions: [{name: a/b}]}]", `"a/b" is no name`},
		{"night: x\ndrills: [{product: pg, tier: smoke, versions: [{name: a, env: {a b: c}}]}]", `"a b" is no`},
	} {
		p, err := night.Parse("night.yaml", []byte(tt.text))
		if err == nil {
			_, err = p.Cells(books())
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\nerror = %v, want %q in it", tt.text, err, tt.want)
		}
	}
}

func TestParseShare(t *testing.T) {
	for _, bad := range []string{"", "x", "5/4", "0/4", "-1/4", "1/0", "1/", "/4", "1/4/4", "1.5/4", "1/1000000"} {
		if s, err := night.ParseShare(bad); err == nil {
			t.Errorf("%q is shard %s", bad, s)
		}
	}
	if s, err := night.ParseShare("4/4"); err != nil || s != (night.Share{Index: 4, Of: 4}) {
		t.Errorf("4/4 = %v, %v", s, err)
	}
}

func TestShareOf(t *testing.T) {
	for _, tt := range []struct {
		of   int
		env  map[string]string
		want string
		bad  string
	}{
		{0, nil, "1/1", ""},
		{8, nil, "", "which of the 8 shards"},
		{8, map[string]string{"JOB_COMPLETION_INDEX": "0"}, "1/8", ""},
		{8, map[string]string{"JOB_COMPLETION_INDEX": "7"}, "8/8", ""},
		{8, map[string]string{"JOB_COMPLETION_INDEX": "8"}, "", "there are 8 shards"},
		{0, map[string]string{"JOB_COMPLETION_INDEX": "3"}, "", "not of how many"},
		{0, map[string]string{"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "5"}, "3/5", ""},
		{0, map[string]string{"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "5"}, "", "there are 5 shards"},
		{0, map[string]string{"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "many"}, "", "no number"},
		{4, map[string]string{"NOMAD_ALLOC_INDEX": "2"}, "3/4", ""},
		{4, map[string]string{"SWARM_TASK_SLOT": "3"}, "4/4", ""},
		{4, map[string]string{"SWARM_TASK_SLOT": "bwe2mb26xyz"}, "1/4", ""}, // what Swarm prints for slot 0
		{4, map[string]string{"JOB_COMPLETION_INDEX": "x"}, "", "no number"},
		{4, map[string]string{"JOB_COMPLETION_INDEX": "1", "CI_NODE_INDEX": "1"}, "", "both"},
		{-1, nil, "", "-1 shards"},
	} {
		got, err := night.ShareOf(tt.of, func(name string) string { return tt.env[name] })
		switch {
		case tt.bad != "" && (err == nil || !strings.Contains(err.Error(), tt.bad)):
			t.Errorf("%d, %v: error = %v, want %q in it", tt.of, tt.env, err, tt.bad)
		case tt.bad == "" && (err != nil || got.String() != tt.want):
			t.Errorf("%d, %v: %v, %v, want %s", tt.of, tt.env, got, err, tt.want)
		}
	}
}

// TestTimesLike: a cell that the earlier night did not have is not held to be longer than
// all others only because people plan in minutes.
func TestTimesLike(t *testing.T) {
	cells := []night.Cell{
		{Name: "a", Planned: 30 * time.Minute},
		{Name: "b", Planned: 10 * time.Minute},
		{Name: "c", Planned: 20 * time.Minute},
	}
	times := night.TimesLike(map[string]time.Duration{"a": 60 * time.Second, "b": 20 * time.Second}, cells)
	if got := times.Of(cells[2]); got != 40*time.Second {
		t.Errorf("c is expected to take %s, want 40s", got)
	}
	if got := (night.Times{}).Of(cells[2]); got != 20*time.Minute {
		t.Errorf("without an earlier night c takes %s", got)
	}
}

// Values are taken as they are written, and not as YAML understands them.
func TestValues(t *testing.T) {
	text := "night: x\ndrills: [{product: fake, tier: nightly, params: {hold: [1.50, true, 010, 600ms, 'a b']}}]"
	cells := plan(t, text, books())
	for i, want := range []string{"1.50", "true", "010", "600ms", "a b"} {
		if got := cells[i].Params["hold"]; got != want {
			t.Errorf("the value is %q, want %q", got, want)
		}
	}
}
