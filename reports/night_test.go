package reports_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/reports"
)

// aNight is a night of five cells and three shards, of which one has not ended, and one
// is missing. Its drills are without what their own pages show.
func aNight() reports.Run {
	began := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	cell := func(name, version string, trial int) night.Cell {
		c := night.Cell{
			Runbook: "postgres/" + name, Product: "postgres", Version: version, Image: "debian-" + version,
			Trial: trial, Trials: 2, Setup: "0123456789ab", Params: map[string]string{"mode": "async"},
		}
		c.Name = c.Runbook + ":" + version + "?mode=async#" + string(rune('0'+trial))
		return c
	}
	cells := []night.Cell{
		cell("lost-primary", "17", 1), cell("lost-primary", "17", 2), cell("lost-primary", "15", 1),
		cell("lost-primary", "15", 2), cell("network-cut", "17", 1),
	}
	shard := func(index int, own ...night.Cell) night.Part {
		p := night.Part{Where: "x", Shard: night.Shard{
			Schema: night.ShardSchema, Night: "hospital", Digest: night.Digest(cells), Index: index, Of: 3, All: cells,
			Begun: began, Version: "drillbook 0.3.0",
		}}
		for _, c := range own {
			p.Shard.Cells = append(p.Shard.Cells, c.Name)
		}
		return p
	}
	first, again, second := shard(1, cells[0], cells[1]), shard(1, cells[0], cells[1]), shard(2, cells[2], cells[3])
	ended := began.Add(time.Hour)
	again.Shard.Ended, second.Shard.Ended, second.Shard.Version = &ended, &ended, "drillbook 0.4.0"

	var r reports.Run
	r.Generator = "drillbook 0.3.0"
	turn := func(c night.Cell, after time.Duration, d *reports.Drill, said string) night.Carried {
		t := night.Carried{Turn: night.Turn{Cell: c.Name, Begun: began.Add(after), TookMS: 61_000, Said: said}}
		if d != nil {
			t.Path, t.Run, t.Verdict = "record.jsonl", d.Record.Head.Run, d.Result.Verdict
			t.Ran, t.ToEnd = d.Began(), d.ToEnd()
		}
		return t
	}
	met, missed, short := run(quick(1).run()).Drills[0], run(missed()).Drills[0], run(cut()).Drills[0]
	met.Result.Stalls = append(met.Result.Stalls, measure.Span{From: sec, To: 2 * sec})
	turns := []night.Carried{
		turn(cells[0], 0, &short, ""), turn(cells[0], sec, &met, ""), turn(cells[1], 2*sec, &missed, ""),
		turn(cells[3], 0, nil, "no container engine answers"), turn(night.Cell{Name: "strange#1"}, 0, nil, ""),
	}
	night.Name(turns, cells)
	for i, d := range []reports.Drill{short, met, missed} {
		d.Name = turns[i].Drill
		r.Drills = append(r.Drills, d.Brief())
	}
	merged, err := night.Merge([]night.Part{first, again, second}, turns)
	if err != nil {
		panic(err)
	}
	earlier := night.Before{cells[0].Name: {State: night.Met}, cells[1].Name: {State: night.Met}}
	r.Night = &reports.Night{Merged: merged, Like: "2026-11-20", Changes: merged.Changes(earlier)}
	return r
}

// What a night leaves out of its drills is not missed in results.json.
func TestBrief(t *testing.T) {
	for name, r := range cases() {
		full := resultsOf(t, r)
		for i, d := range r.Drills {
			r.Drills[i] = d.Brief()
		}
		if got := resultsOf(t, r); got != full {
			t.Errorf("%s: results.json differs in brief", name)
		}
		if len(r.Drills[0].Record.Attempts) > 0 {
			t.Errorf("%s: the attempts are still there", name)
		}
	}
}
