package night

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Share says which of how many shards one is. Index counts from 1.
type Share struct{ Index, Of int }

func (s Share) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// maxShards is as many as there may be; Kubernetes knows no more of a job.
const maxShards = 100_000

// ParseShare reads a share such as 3/8.
func ParseShare(text string) (Share, error) {
	i, n, ok := strings.Cut(text, "/")
	index, notIndex := strconv.Atoi(i)
	of, notOf := strconv.Atoi(n)
	s := Share{index, of}
	if !ok || notIndex != nil || notOf != nil || !s.valid() {
		return Share{}, fmt.Errorf("%q is no shard: write i/n, such as 3/8, with i from 1 to n and n at most %d", text,
			maxShards)
	}
	return s, nil
}

func (s Share) valid() bool { return s.Of >= 1 && s.Of <= maxShards && s.Index >= 1 && s.Index <= s.Of }

// Variable is one by which an engine tells a task which of its siblings it is.
type Variable struct {
	Name   string
	Of     string // names the one with how many there are; "" if the engine tells nobody
	Zero   bool   // it counts from 0
	Engine string
	// OddZero says that the engine prints something else for 0, which is no number.
	OddZero bool
}

// Variables are those of the engines that docs/farm.md has manifests for.
func Variables() []Variable {
	return []Variable{
		{Name: "JOB_COMPLETION_INDEX", Zero: true, Engine: "Kubernetes"},
		{Name: "CI_NODE_INDEX", Of: "CI_NODE_TOTAL", Engine: "GitLab"},
		{Name: "NOMAD_ALLOC_INDEX", Zero: true, Engine: "Nomad"},
		// The service sets it to {{.Task.Slot}}.
		{Name: "SWARM_TASK_SLOT", Zero: true, Engine: "Docker Swarm", OddZero: true},
	}
}

// ShareOf is the share that an engine has given to this task: 1/1 if no variable of an
// engine is set and of is 0. of, unless it is 0, is how many shards there are.
func ShareOf(of int, getenv func(string) string) (Share, error) {
	if of < 0 || of > maxShards {
		return Share{}, fmt.Errorf("%d shards: 1 to %d", of, maxShards)
	}
	var set []Variable
	known := make([]string, 0, len(Variables()))
	for _, v := range Variables() {
		known = append(known, v.Name)
		if getenv(v.Name) != "" {
			set = append(set, v)
		}
	}
	switch {
	case len(set) > 1:
		return Share{}, fmt.Errorf(
			"both %s and %s are set: say which shard this is with --shard i/n",
			set[0].Name,
			set[1].Name,
		)
	case len(set) == 1:
		return set[0].share(of, getenv)
	case of > 1:
		return Share{}, fmt.Errorf("neither %s says which of the %d shards this is: say it with --shard i/n",
			strings.Join(known, " nor "), of)
	}
	return Share{1, 1}, nil
}

func (v Variable) share(of int, getenv func(string) string) (Share, error) {
	text := getenv(v.Name)
	i, err := strconv.Atoi(text)
	if err != nil && v.OddZero {
		i, err = 0, nil
	}
	if err != nil {
		return Share{}, fmt.Errorf("%s=%q is no number", v.Name, text)
	}
	if v.Zero {
		i++
	}
	if of == 0 && v.Of != "" {
		if of, err = strconv.Atoi(getenv(v.Of)); err != nil {
			return Share{}, fmt.Errorf("%s=%q is no number", v.Of, getenv(v.Of))
		}
	}
	if of == 0 {
		return Share{}, fmt.Errorf(
			"%s=%s says which shard this is, but not of how many: say it with --shards n",
			v.Name,
			text,
		)
	}
	s := Share{i, of}
	if !s.valid() {
		return Share{}, fmt.Errorf("%s=%s: there are %d shards", v.Name, text, of)
	}
	return s, nil
}

// Deal gives cells to n shards, those that take longest first. Shard i gets cell i, i+n,
// and so on. Shards of the same cells and times are disjoint, and together they are all.
func Deal(cells []Cell, expected Times, n int) [][]Cell {
	if n < 1 {
		return nil
	}
	type timed struct {
		cell *Cell
		took time.Duration
	}
	sorted := make([]timed, len(cells))
	for i := range cells {
		sorted[i] = timed{&cells[i], expected.Of(cells[i])}
	}
	slices.SortFunc(sorted, func(a, b timed) int {
		return cmp.Or(cmp.Compare(b.took, a.took), strings.Compare(a.cell.Name, b.cell.Name))
	})
	shards := make([][]Cell, n)
	for k, t := range sorted {
		shards[k%n] = append(shards[k%n], *t.cell)
	}
	return shards
}

// Times are how long cells are expected to take. The zero Times are what people plan.
type Times struct {
	took  map[string]time.Duration // by name
	scale float64                  // of what is planned; 0: 1
}

// TimesLike are the times that an earlier night took, by cell. What it does not know of
// takes as long as planned, scaled as plan and time of the others compare.
func TimesLike(took map[string]time.Duration, cells []Cell) Times {
	var planned, taken time.Duration
	for _, c := range cells {
		if d := took[c.Name]; d > 0 && c.Planned > 0 {
			planned, taken = planned+c.Planned, taken+d
		}
	}
	t := Times{took: took}
	if planned > 0 {
		t.scale = float64(taken) / float64(planned)
	}
	return t
}

// Of is how long a cell is expected to take.
func (t Times) Of(c Cell) time.Duration {
	switch d := t.took[c.Name]; {
	case d > 0:
		return d
	case t.scale > 0:
		return time.Duration(float64(c.Planned) * t.scale)
	}
	return c.Planned
}

// Shard is what a machine writes down of its share of a night, in [ShardFile].
type Shard struct {
	Schema  int       `json:"schema"`
	Night   string    `json:"night"`
	Digest  string    `json:"digest"`
	Index   int       `json:"shard"`
	Of      int       `json:"of"`
	Cells   []string  `json:"cells"` // of this shard, by name, in the order in which they begin
	Machine string    `json:"machine"`
	Version string    `json:"version"`
	Begun   time.Time `json:"begun"`
	// Ended is set once all cells of the shard were carried out, or could not be.
	Ended *time.Time `json:"ended"`
	All   []Cell     `json:"night_cells"` // of the whole night, in its order
}

// ShardSchema is the version of [Shard].
const ShardSchema = 1

// Names of files: of a shard, in its folder, and of a cell, in its folder below that.
const (
	ShardFile = "shard.json"
	CellFile  = "cell.json"
)

// Turn is one time that a cell was carried out, as its machine writes it down.
type Turn struct {
	Cell  string    `json:"cell"`
	Begun time.Time `json:"begun"`
	// Code is the exit code of the run; nil while it runs, and if it was killed.
	Code *int `json:"code"`
	// TookMS is how long the run took, with the making of the cluster.
	TookMS int64  `json:"took_ms"`
	Said   string `json:"said,omitempty"` // its last words, if it left no record
}

// Check reports what is wrong with a shard's file.
func (s Shard) Check() error {
	switch {
	case s.Schema != ShardSchema:
		return fmt.Errorf("its schema is %d, and not %d", s.Schema, ShardSchema)
	case !(Share{s.Index, s.Of}).valid():
		return fmt.Errorf("it is shard %d of %d", s.Index, s.Of)
	case Digest(s.All) != s.Digest:
		return errors.New("its cells are not those of its digest: somebody has changed it")
	}
	return nil
}
