package reports

import (
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// The sections on what clients suffered: outages, lost writes, split brain.

func (d drafter) writes() section {
	w := d.res.Writes
	s := section{ID: "writes", Title: d.Say("writes")}
	s.Grid = newGrid(d.Say("write-outcome"), d.Say("path.clients"), d.Say("path.members")).figures(1, 2)
	s.Grid.add(d.Say("acked"), words.Count(w.Acked), words.Count(w.Direct.Acked))
	s.Grid.add(d.Say("refused"), words.Count(w.Refused), words.Count(w.Direct.Refused))
	s.Grid.add(d.Say("unknown-to-client"), words.Count(w.Unknown), words.Count(w.Direct.Unknown))
	if !w.Counted {
		s.Lead = d.Say("writes.uncounted")
		return s
	}
	s.Lead = d.Say("writes.counted", "member", text.Name(w.Authority))
	s.Facts = []fact{
		{d.Say("applied-unknown"), words.Count(w.AppliedUnknown), d.Say("applied-unknown.note")},
		{d.Say("lost"), words.Count(len(w.Lost)), d.oldest()},
		{d.Say("phantom"), words.Count(len(w.Phantom)), d.Say("phantom.note")},
		{d.Say("duplicated"), words.Count(len(w.Duplicated)), d.Say("duplicated.note")},
		{d.Say("diverged"), words.Count(len(w.Diverged)), d.Say("diverged.note")},
	}
	if len(w.Unread) > 0 {
		s.Notes = append(s.Notes, d.Say("writes.unread", "members", d.Detail(d.List(w.Unread))))
	}
	return s
}

func (d drafter) oldest() string {
	if len(d.res.Writes.Lost) == 0 {
		return d.Say("lost.note")
	}
	return d.Say("lost.oldest", "age", d.time(d.res.Writes.OldestLost))
}

// maxEvidence bounds the single writes that are named as evidence.
const maxEvidence = 10

// lost names the writes that were lost.
func (d drafter) lost() section {
	lost := d.res.Writes.Lost
	if len(lost) == 0 {
		return section{}
	}
	s := section{ID: "lost", Title: d.Say("lost-writes"), Grid: d.tokenGrid()}
	shown := min(len(lost), maxEvidence, d.rows)
	for _, t := range lost[:shown] {
		s.Grid.add(d.tokenRow(t)...)
	}
	if rest := len(lost) - shown; rest > 0 {
		s.Grid.More = d.Say("left-out", "count", words.Count(rest))
	}
	return s
}

func (d drafter) tokenGrid() *grid {
	return newGrid(d.Say("token"), d.Say("path"), d.Say("acked-by"), d.Say("acked-at"), d.Say("epoch")).figures(3, 4)
}

// tokenRow is a write as it can be looked up in the database.
func (d drafter) tokenRow(t measure.Token) []string {
	epoch := "–"
	if t.Epoch > 0 {
		epoch = strconv.FormatUint(uint64(t.Epoch), 10)
	}
	path := "–"
	if t.Stream < len(d.rec.Head.Streams) {
		path = d.way(d.rec.Head.Streams[t.Stream])
	}
	return []string{d.drill.Token(t), path, text.Name(t.Member), words.Moment(t.At), epoch}
}

func (d drafter) outages() section {
	s := section{ID: "outages", Title: d.Say("outages")}
	if len(d.res.Outages) == 0 {
		s.Lead = d.Say("outages.none")
		return s
	}
	s.Grid = newGrid(d.Say("stream"), d.Say("began"), d.Say("lasted"), d.Say("failed-attempts"), d.Say("relapses"),
		d.Say("in-step"), d.Say("remark")).figures(1, 2, 3, 4, 5)
	shown, more := d.bounded(len(d.res.Outages))
	s.Grid.More = more
	for _, o := range d.res.Outages[:shown] {
		step, remark := "–", ""
		if o.Step > 0 {
			step = strconv.Itoa(o.Step)
		}
		switch {
		case o.Unmeasured:
			remark = d.Say("outage.unmeasured")
		case o.Open:
			remark = d.Say("outage.open")
		}
		s.Grid.add(d.streamName(o.Stream), words.Moment(o.From), d.Bracket(o.Bracket, o.Open), words.Count(o.Failed),
			words.Count(o.Relapses), step, remark)
	}
	return s
}

func (d drafter) streamName(n int) string {
	if n >= len(d.rec.Head.Streams) {
		return strconv.Itoa(n)
	}
	return d.streamTitle(d.rec.Head.Streams[n])
}

// streamTitle is the name of a stream and what its attempts do, unless the
// name says that already.
func (w writer) streamTitle(s record.Stream) string {
	name, kind := text.Name(s.Name), w.Say("kind."+string(s.Kind))
	if strings.HasPrefix(name, string(s.Kind)) && w.Lang == "en" {
		return name
	}
	return name + w.Say("note", "note", kind)
}

func (d drafter) split() section {
	x := d.res.Split
	s := section{ID: "split", Title: d.Say("split-brain")}
	if !x.Proved {
		s.Lead = d.Say("split.none")
		if !slices.ContainsFunc(d.rec.Head.Streams, pinned) {
			s.Notes = append(s.Notes, d.Say("split.not-probed"))
		}
	} else {
		s.Lead = d.Say("split.proved",
			"first", text.Name(x.First.Member), "second", text.Name(x.Second.Member), "time", d.time(x.Overlap))
		s.Grid = d.tokenGrid()
		s.Grid.add(d.tokenRow(x.First)...)
		s.Grid.add(d.tokenRow(x.Second)...)
	}
	if d.rec.Head.Promise.SplitBrain {
		s.Notes = append(s.Notes, d.Say("split.expected"))
	}
	if x.RoleOverlap > 0 {
		s.Notes = append(s.Notes, d.Say("split.roles", "time", d.time(x.RoleOverlap)))
	}
	return s
}

// pinned reports whether a stream writes straight to a member.
func pinned(s record.Stream) bool { return s.Kind == record.Write && s.Member != "" }
