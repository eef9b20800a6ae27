package main

import (
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"drillbook/harness/night"
	"drillbook/harness/record"
	"drillbook/reports"
)

// nightPages writes a page for every drill of a night. Of each it keeps what the night's
// own page says: the records of a night together would not fit into memory.
type nightPages struct {
	out, lang string
	cells     []night.Cell

	mu     sync.Mutex // guards unread
	unread []error    // records of which nothing can be read
}

// read is a turn whose record was measured.
type read struct {
	turn  night.Carried
	drill *reports.Drill
}

// write writes the pages and returns the drills, in the order of the night's cells, and
// the turns of all cells.
func (p *nightPages) write(found []foundTurn) (reports.Run, []night.Carried, error) {
	turns := make([]night.Carried, 0, len(found))
	at := map[string]foundTurn{}
	for _, f := range found {
		t := night.Carried{Turn: f.Turn, Path: filepath.ToSlash(f.record)}
		if f.record == "" {
			why, err := f.whyNone()
			if err != nil {
				return reports.Run{}, nil, err
			}
			t.Why = why
		}
		turns = append(turns, t)
		at[keyOf(t)] = f
	}
	night.Name(turns, p.cells)
	byName := map[string]night.Cell{}
	for _, c := range p.cells {
		byName[c.Name] = c
	}
	run := reports.Run{Generator: version()}
	all, err := p.each(len(turns), func(i int) (read, error) {
		return p.page(turns[i], byName[turns[i].Cell], at[keyOf(turns[i])])
	})
	if err != nil {
		return run, nil, err
	}
	for i, r := range all {
		turns[i] = r.turn
		if r.drill != nil {
			run.Drills = append(run.Drills, *r.drill)
		}
	}
	return run, turns, nil
}

// keyOf tells turns apart, of which dropCopies has left no two alike.
func keyOf(t night.Carried) string {
	return t.Cell + "\x00" + t.Path + "\x00" + t.Begun.String() + "\x00" + strconv.FormatInt(t.TookMS, 10)
}

// each carries out work for n turns, on all processors.
func (p *nightPages) each(n int, work func(i int) (read, error)) ([]read, error) {
	all, errs := make([]read, n), make([]error, n)
	var next atomic.Int64
	var working sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				all[i], errs[i] = work(i)
			}
		})
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// page measures the record of a turn and writes its page.
func (p *nightPages) page(t night.Carried, c night.Cell, f foundTurn) (read, error) {
	if t.Drill == "" {
		return read{turn: t}, nil
	}
	rec, err := record.ReadFile(filepath.Join(f.folder, f.record))
	var d reports.Drill
	if rec == nil {
		p.mu.Lock()
		p.unread = append(p.unread, err)
		p.mu.Unlock()
		d = reports.Unreadable(t.Drill, err)
	} else {
		rec.Head.Trial, rec.Head.Trials = c.Trial, c.Trials
		if c.Version != "" { // figures of different versions are never mixed
			rec.Head.System += " " + c.Version
		}
		d = reports.Of(rec, t.Drill)
	}
	t.Run, t.Verdict = d.Record.Head.Run, d.Result.Verdict
	t.Ran = rec == nil || d.Began() // of what cannot be read nobody knows that it did not
	t.ToEnd = d.ToEnd()
	if tail := d.Record.Tail; tail != nil && !t.Ran {
		t.Why = tail.Err
	}
	if err := reports.WriteDrill(p.out, d, version(), p.lang); err != nil {
		return read{}, err
	}
	slim := d.Brief()
	return read{t, &slim}, nil
}
