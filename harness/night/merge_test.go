package night_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/night"
)

var began = time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC)

// parts are shards of the sample that have ended, and carried what they have carried out.
func parts(t *testing.T, n int) (all []night.Part, turns []night.Carried) {
	t.Helper()
	cells := plan(t, sample, books())
	ended := began.Add(time.Hour)
	for i, share := range night.Deal(cells, night.Times{}, n) {
		p := night.Part{Where: string(rune('a' + i)), Shard: night.Shard{
			Schema: night.ShardSchema, Night: "hospital", Digest: night.Digest(cells), Index: i + 1, Of: n,
			Version: "drillbook 1", Begun: began, Ended: &ended, All: cells,
		}}
		for _, c := range share {
			p.Shard.Cells = append(p.Shard.Cells, c.Name)
			turns = append(turns, carried(c.Name, measure.Met))
		}
		all = append(all, p)
	}
	return all, turns
}

func carried(cell string, v measure.Verdict) night.Carried {
	return night.Carried{
		Turn: night.Turn{Cell: cell, Begun: began}, Run: "run-of-" + cell, Verdict: v, Ran: true, ToEnd: true,
	}
}

// A night is the same however its cells were dealt, and in whichever order they come.
func TestMergeHoweverDealt(t *testing.T) {
	first, turns := parts(t, 1)
	want, err := night.Merge(first, turns)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(20, 2))
	for n := 1; n <= 20; n++ {
		other, turns := parts(t, n)
		rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
		rng.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		got, err := night.Merge(other, turns)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("of %d shards: %+v, %v, want %+v", n, got, err, want)
		}
	}
}

// TestStates: missed is never outweighed, and nothing that was not carried out is met.
func TestStates(t *testing.T) {
	const cell = "pg/switchover:17#1"
	met, missed := carried(cell, measure.Met), carried(cell, measure.Missed)
	unmeasurable := carried(cell, measure.Unmeasurable)
	cut := unmeasurable
	cut.ToEnd = false
	cutMet := met
	cutMet.ToEnd = false
	refused := unmeasurable // by the preflight, or for lack of an engine
	refused.Ran = false
	nothing := night.Carried{Turn: night.Turn{Cell: cell, Begun: began, Said: "there is no engine"}}
	for _, tt := range []struct {
		name  string
		turns []night.Carried
		want  night.State
	}{
		{"nothing", nil, night.NotRun},
		{"met", []night.Carried{met}, night.Met},
		{"missed, then met", []night.Carried{missed, met}, night.Missed},
		{"met, then missed", []night.Carried{met, missed}, night.Missed},
		{"cut off, then met", []night.Carried{cut, met}, night.Met},
		{"met, then cut off", []night.Carried{met, cut}, night.Met},
		{"cut off", []night.Carried{cut}, night.Unmeasurable},
		{"met as far as it goes", []night.Carried{cutMet}, night.Unmeasurable},
		{"unmeasurable, then met", []night.Carried{unmeasurable, met}, night.Unmeasurable},
		{"refused", []night.Carried{refused}, night.NotRun},
		{"refused, then met", []night.Carried{refused, met}, night.Met},
		{"refused, then cut off", []night.Carried{refused, cut}, night.Unmeasurable},
		{"no record", []night.Carried{nothing}, night.NotRun},
		{"no record, then missed", []night.Carried{nothing, missed}, night.Missed},
	} {
		all, turns := parts(t, 2)
		turns = slices.DeleteFunc(turns, func(c night.Carried) bool { return c.Cell == cell })
		m, err := night.Merge(all, append(turns, tt.turns...))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(m.Cells, func(o night.Outcome) bool { return o.Name == cell })
		if got := m.Cells[i]; got.State != tt.want || len(got.Turns) != len(tt.turns) {
			t.Errorf("%s: %s after %d turns, want %s after %d", tt.name, got.State, len(got.Turns), tt.want,
				len(tt.turns))
		}
	}
}

func TestProblems(t *testing.T) {
	const cell = "pg/switchover:17#1"
	for _, tt := range []struct {
		name  string
		spoil func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried)
		want  []night.ProblemCode
		why   night.Reason // why the cell is not there
	}{
		{"missing", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			gone := all[2].Shard.Cells
			return slices.Delete(all, 2, 3), slices.DeleteFunc(turns, func(c night.Carried) bool {
				return slices.Contains(gone, c.Cell)
			})
		}, []night.ProblemCode{night.NoShard}, ""},
		{"twice", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			return append(all, all[1]), turns
		}, []night.ProblemCode{night.ShardTwice}, ""},
		{"killed", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			for i := range all {
				if slices.Contains(all[i].Shard.Cells, cell) {
					all[i].Shard.Ended = nil
				}
			}
			return all, without(turns, cell)
		}, []night.ProblemCode{night.ShardOpen}, night.ShardKilled},
		{"lacks a cell", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			return all, without(turns, cell)
		}, []night.ProblemCode{night.CellLacking}, night.ShardLacks},
		{"strange", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			return all, append(turns, carried("pg/other#1", measure.Met))
		}, []night.ProblemCode{night.StrangeCell}, ""},
		{"other program", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			all[0].Shard.Version = "drillbook 2"
			return all, turns
		}, []night.ProblemCode{night.OtherVersions}, ""},
		{"cut otherwise", func(all []night.Part, turns []night.Carried) ([]night.Part, []night.Carried) {
			all[0].Shard.Of = 9
			return all, turns
		}, []night.ProblemCode{night.OtherShares}, ""},
	} {
		m, err := night.Merge(tt.spoil(parts(t, 4)))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]night.ProblemCode, 0, len(m.Problems))
		for _, p := range m.Problems {
			got = append(got, p.Code)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: problems %q, want %q", tt.name, got, tt.want)
		}
		i := slices.IndexFunc(m.Cells, func(o night.Outcome) bool { return o.Name == cell })
		if m.Cells[i].Missing != tt.why {
			t.Errorf("%s: %s is missing because of %q, want %q", tt.name, cell, m.Cells[i].Missing, tt.why)
		}
	}
}

func without(turns []night.Carried, cell string) []night.Carried {
	return slices.DeleteFunc(turns, func(c night.Carried) bool { return c.Cell == cell })
}

func TestMergeRefuses(t *testing.T) {
	all, turns := parts(t, 2)
	changed := slices.Clone(all)
	changed[1].Shard.All = changed[1].Shard.All[1:]
	other := slices.Clone(all)
	other[1].Shard.Night = "another"
	newer := slices.Clone(all)
	newer[0].Shard.Schema++
	for _, tt := range []struct {
		parts []night.Part
		want  string
	}{
		{nil, "there is no shard.json"},
		{changed, "b: shard.json: its cells are not those of its digest"},
		{other, "b of night another"},
		{newer, "a: shard.json: its schema"},
	} {
		if _, err := night.Merge(tt.parts, turns); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error = %v, want %q in it", err, tt.want)
		}
	}
}

func TestChanges(t *testing.T) {
	all, turns := parts(t, 2)
	turns = append(without(turns, "fake/lost?hold=0s#1"), carried("fake/lost?hold=0s#1", measure.Missed))
	turns = without(turns, "pg/switchover:17#1")
	m, err := night.Merge(all, turns)
	if err != nil {
		t.Fatal(err)
	}
	earlier := night.Before{"gone#1": {State: night.Met}}
	for _, c := range m.Cells {
		earlier[c.Name] = night.Earlier{State: night.Met}
	}
	earlier["pg/switchover:17#2"] = night.Earlier{State: night.Missed}
	delete(earlier, "pg/switchover:15#1")
	want := []night.Change{
		{Cell: "pg/switchover:17#1", Was: night.Met, Is: night.NotRun, Worse: true},
		{Cell: "pg/switchover:17#2", Was: night.Missed, Is: night.Met},
		{Cell: "pg/switchover:15#1", Is: night.Met},
		{Cell: "fake/lost?hold=0s#1", Was: night.Met, Is: night.Missed, Worse: true},
		{Cell: "gone#1", Was: night.Met, Departed: true},
	}
	if got := m.Changes(earlier); !slices.Equal(got, want) {
		t.Errorf("changes = %+v, want %+v", got, want)
	}
}
