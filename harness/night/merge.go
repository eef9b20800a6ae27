package night

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drillbook/harness/measure"
)

// State is what became of a cell.
type State string

// The states. A cell that did not run is never met.
const (
	Met                = State(measure.Met)
	Missed             = State(measure.Missed)
	Unmeasurable       = State(measure.Unmeasurable)
	NotRun       State = "not-run"
)

// Part is what one machine has left of its share.
type Part struct {
	Where string // its folder, for people
	Shard Shard
}

// Carried is one turn of a cell, with what its record says.
type Carried struct {
	Turn

	// Path is where the record lies in the cell's folder, Drill the folder of its page
	// in the night's; both are "" without a record.
	Path, Drill string
	// Run is the drill's own name, which no other has; "" without a record.
	Run     string
	Verdict measure.Verdict // "" without a record
	// Ran says that a step was begun: otherwise the place could not carry out the
	// drill, whatever its record is worth.
	Ran bool
	// ToEnd says that the drill was carried out to its end.
	ToEnd bool
	// Why it did not run, as far as it is known.
	Why string
}

// Merged is a night put together.
type Merged struct {
	Night, Digest string
	Cells         []Outcome // in the night's order
	Problems      []Problem
}

// Outcome is what became of a cell.
type Outcome struct {
	Cell

	State State
	Turns []Carried // more than one if an engine gave it out again
	// Missing says why there is no turn; Shard, if it is known, which shard had it.
	Missing Reason
	Shard   string
}

// Reason is why a cell has no turn.
type Reason string

// The reasons.
const (
	ShardMissing Reason = "shard-missing" // nothing came of its shard, or of who knows which
	ShardKilled  Reason = "shard-killed"  // its shard did not get to its end
	ShardLacks   Reason = "shard-lacks"   // its shard says that it has ended
)

// Problem is something about the shards that people must know.
type Problem struct {
	Code   ProblemCode
	Shard  string
	Cell   string
	Detail string
}

// ProblemCode is what a problem is about.
type ProblemCode string

// The problems.
const (
	NoShard       ProblemCode = "no-shard"       // a shard is missing
	ShardTwice    ProblemCode = "shard-twice"    // a shard was given out more than once
	ShardOpen     ProblemCode = "shard-open"     // a shard has not ended
	OtherShares   ProblemCode = "other-shares"   // the night was cut in more than one way
	OtherVersions ProblemCode = "other-versions" // shards were made by different programs
	CellLacking   ProblemCode = "cell-lacking"   // a shard has ended without one of its cells
	StrangeCell   ProblemCode = "strange-cell"   // a record is of a cell that the night does not have
)

// Merge says what became of every cell of a night. The result does not depend on
// which shard has carried out what, unless something is wrong with the shards.
func Merge(parts []Part, turns []Carried) (Merged, error) {
	if err := Agree(parts); err != nil {
		return Merged{}, err
	}
	first := parts[0]
	m := Merged{Night: first.Shard.Night, Digest: first.Shard.Digest}
	byCell := map[string][]Carried{}
	for _, t := range turns {
		byCell[t.Cell] = append(byCell[t.Cell], t)
	}
	for _, c := range first.Shard.All {
		own := byCell[c.Name]
		delete(byCell, c.Name)
		slices.SortFunc(own, before)
		o := Outcome{Cell: c, Turns: own, State: stateOf(own)}
		if len(own) == 0 {
			o.Missing, o.Shard = missing(parts, c.Name)
		}
		m.Cells = append(m.Cells, o)
	}
	m.Problems = append(problems(parts), m.lacking()...)
	for _, name := range slices.Sorted(maps.Keys(byCell)) {
		m.Problems = append(m.Problems, Problem{Code: StrangeCell, Cell: name})
	}
	return m, nil
}

// Agree reports shards that are not of one night, or of none.
func Agree(parts []Part) error {
	if len(parts) == 0 {
		return errors.New("there is no " + ShardFile + ": name folders that `drillbook run --night` has made")
	}
	first := parts[0]
	for _, p := range parts {
		if err := p.Shard.Check(); err != nil {
			return fmt.Errorf("%s: %s: %w", p.Where, ShardFile, err)
		}
		if p.Shard.Digest != first.Shard.Digest || p.Shard.Night != first.Shard.Night {
			return fmt.Errorf("%s is of night %s (%s), %s of night %s (%s): merge one night at a time",
				first.Where, first.Shard.Night, first.Shard.Digest, p.Where, p.Shard.Night, p.Shard.Digest)
		}
	}
	return nil
}

// before orders turns of one cell. Clocks of machines may differ; it only has to be
// the same order each time.
func before(a, b Carried) int {
	return cmp.Or(a.Begun.Compare(b.Begun), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Said, b.Said),
		cmp.Compare(a.TookMS, b.TookMS), cmp.Compare(a.Run, b.Run))
}

// Name sorts turns by cell and gives those that have a record the folder of their page.
func Name(turns []Carried, cells []Cell) {
	order := map[string]int{}
	for i, c := range cells {
		order[c.Name] = i
	}
	slices.SortFunc(turns, func(a, b Carried) int {
		return cmp.Or(cmp.Compare(order[a.Cell], order[b.Cell]), strings.Compare(a.Cell, b.Cell), before(a, b))
	})
	times := map[string]int{}
	for i, t := range turns {
		n, known := order[t.Cell]
		if t.Path == "" || !known || cells[n].Name != t.Cell {
			continue
		}
		turns[i].Drill = cells[n].Folder()
		if times[t.Cell]++; times[t.Cell] > 1 {
			turns[i].Drill += fmt.Sprintf(".%d", times[t.Cell])
		}
	}
}

// Took is how long the cell took: the longest of its turns that were carried out.
func (o Outcome) Took() time.Duration {
	longest := time.Duration(0)
	for _, t := range o.Turns {
		if t.Ran {
			longest = max(longest, time.Duration(t.TookMS)*time.Millisecond)
		}
	}
	return longest
}

// stateOf is what the turns of a cell say together. One that missed counts whatever the
// others say. Apart from that, turns that were carried out to their end count, and those
// that were cut short only if there are no others; of several, the worst counts.
func stateOf(turns []Carried) State {
	ran := slices.DeleteFunc(slices.Clone(turns), func(t Carried) bool { return !t.Ran })
	whole := slices.DeleteFunc(slices.Clone(ran), func(t Carried) bool { return !t.ToEnd })
	says := func(v measure.Verdict) func(Carried) bool { return func(t Carried) bool { return t.Verdict == v } }
	switch {
	case slices.ContainsFunc(turns, says(measure.Missed)):
		return Missed
	case len(ran) == 0:
		return NotRun
	case len(whole) > 0 && !slices.ContainsFunc(whole, func(t Carried) bool { return t.Verdict != measure.Met }):
		return Met
	}
	return Unmeasurable
}

// missing is why nothing is known of a cell.
func missing(parts []Part, cell string) (Reason, string) {
	why, shard := ShardMissing, ""
	for _, p := range parts {
		if !slices.Contains(p.Shard.Cells, cell) {
			continue
		}
		shard = p.Shard.share()
		if why = ShardKilled; p.Shard.Ended != nil {
			return ShardLacks, shard
		}
	}
	return why, shard
}

func (s Shard) share() string { return Share{s.Index, s.Of}.String() }

// lacking are the cells that shards say they have carried out and of which nothing is
// there.
func (m Merged) lacking() []Problem {
	var all []Problem
	for _, c := range m.Cells {
		if c.Missing == ShardLacks {
			all = append(all, Problem{Code: CellLacking, Shard: c.Shard, Cell: c.Name})
		}
	}
	return all
}

// problems are what is wrong with the shards themselves.
func problems(parts []Part) []Problem {
	var all []Problem
	cuts, versions, times := map[int]bool{}, map[string]bool{}, map[Share]int{}
	open := map[Share]bool{}
	for _, p := range parts {
		s := Share{p.Shard.Index, p.Shard.Of}
		cuts[s.Of], versions[p.Shard.Version] = true, true
		times[s]++
		if p.Shard.Ended == nil {
			open[s] = true
		}
	}
	if len(versions) > 1 {
		all = append(all, Problem{
			Code: OtherVersions, Detail: strings.Join(slices.Sorted(maps.Keys(versions)), ", "),
		})
	}
	if len(cuts) > 1 {
		detail := strings.Trim(fmt.Sprint(slices.Sorted(maps.Keys(cuts))), "[]")
		return append(all, Problem{Code: OtherShares, Detail: detail})
	}
	of := parts[0].Shard.Of
	for i := 1; i <= of; i++ {
		s := Share{i, of}
		if times[s] == 0 {
			all = append(all, Problem{Code: NoShard, Shard: s.String()})
		}
		if times[s] > 1 {
			all = append(all, Problem{Code: ShardTwice, Shard: s.String()})
		}
		if open[s] {
			all = append(all, Problem{Code: ShardOpen, Shard: s.String()})
		}
	}
	return all
}

// Before is what an earlier night said of its cells.
type Before map[string]Earlier

// Earlier is what an earlier night said of a cell.
type Earlier struct {
	State State
	Took  time.Duration
}

// Change is a cell that is not what it was.
type Change struct {
	Cell     string
	Was, Is  State // Was is "" for a cell that the earlier night did not have
	Worse    bool
	Departed bool // this night does not have the cell; Is is ""
}

// Changes are what is new since an earlier night: cells of another state, cells that it
// did not have, and cells that this one lacks.
func (m Merged) Changes(earlier Before) []Change {
	var all []Change
	here := map[string]bool{}
	for _, c := range m.Cells {
		here[c.Name] = true
		was, known := earlier[c.Name]
		if !known || was.State != c.State {
			all = append(all, Change{
				Cell: c.Name, Was: was.State, Is: c.State,
				Worse: gravity(c.State) > gravity(was.State) && c.State != Met,
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(earlier)) {
		if !here[name] {
			all = append(all, Change{Cell: name, Was: earlier[name].State, Departed: true})
		}
	}
	return all
}

func gravity(s State) int { return slices.Index([]State{Met, Unmeasurable, NotRun, Missed}, s) }
