package reports

import (
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// The sections on what clients suffered: outages, lost writes, split brain.

func (d drafter) writes() section {
	w := d.res.Writes
	s := section{ID: "writes", Title: d.say("writes")}
	s.Grid = newGrid(d.say("write-outcome"), d.say("path.clients"), d.say("path.members")).figures(1, 2)
	s.Grid.add(d.say("acked"), count(w.Acked), count(w.Direct.Acked))
	s.Grid.add(d.say("refused"), count(w.Refused), count(w.Direct.Refused))
	s.Grid.add(d.say("unknown-to-client"), count(w.Unknown), count(w.Direct.Unknown))
	if !w.Counted {
		s.Lead = d.say("writes.uncounted")
		return s
	}
	s.Lead = d.say("writes.counted", "member", plain(w.Authority))
	s.Facts = []fact{
		{d.say("applied-unknown"), count(w.AppliedUnknown), d.say("applied-unknown.note")},
		{d.say("lost"), count(len(w.Lost)), d.oldest()},
		{d.say("phantom"), count(len(w.Phantom)), d.say("phantom.note")},
		{d.say("duplicated"), count(len(w.Duplicated)), d.say("duplicated.note")},
		{d.say("diverged"), count(len(w.Diverged)), d.say("diverged.note")},
	}
	if len(w.Unread) > 0 {
		s.Notes = append(s.Notes, d.say("writes.unread", "members", d.detail(d.list(w.Unread))))
	}
	return s
}

func (d drafter) oldest() string {
	if len(d.res.Writes.Lost) == 0 {
		return d.say("lost.note")
	}
	return d.say("lost.oldest", "age", d.time(d.res.Writes.OldestLost))
}

func (w words) list(names []string) string {
	return strings.Join(mapped(names, plain), w.say("comma"))
}

// maxEvidence bounds the single writes that are named as evidence.
const maxEvidence = 10

// lost names the writes that were lost.
func (d drafter) lost() section {
	lost := d.res.Writes.Lost
	if len(lost) == 0 {
		return section{}
	}
	s := section{ID: "lost", Title: d.say("lost-writes"), Grid: d.tokenGrid()}
	shown := min(len(lost), maxEvidence, d.rows)
	for _, t := range lost[:shown] {
		s.Grid.add(d.tokenRow(t)...)
	}
	if rest := len(lost) - shown; rest > 0 {
		s.Grid.More = d.say("left-out", "count", count(rest))
	}
	return s
}

func (d drafter) tokenGrid() *grid {
	return newGrid(d.say("token"), d.say("path"), d.say("acked-by"), d.say("acked-at"), d.say("epoch")).figures(3, 4)
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
	return []string{tokenName(d.rec, t), path, plain(t.Member), moment(t.At), epoch}
}

// tokenName is the token as the database holds it.
func tokenName(rec *record.Record, t measure.Token) string {
	return plain(rec.Head.Run) + "/" + strconv.Itoa(t.Stream) + "/" + strconv.FormatUint(uint64(t.Seq), 10)
}

func (d drafter) outages() section {
	s := section{ID: "outages", Title: d.say("outages")}
	if len(d.res.Outages) == 0 {
		s.Lead = d.say("outages.none")
		return s
	}
	s.Grid = newGrid(d.say("stream"), d.say("began"), d.say("lasted"), d.say("failed-attempts"), d.say("relapses"),
		d.say("in-step"), d.say("remark")).figures(1, 2, 3, 4, 5)
	shown, more := d.bounded(len(d.res.Outages))
	s.Grid.More = more
	for _, o := range d.res.Outages[:shown] {
		step, remark := "–", ""
		if o.Step > 0 {
			step = strconv.Itoa(o.Step)
		}
		switch {
		case o.Unmeasured:
			remark = d.say("outage.unmeasured")
		case o.Open:
			remark = d.say("outage.open")
		}
		s.Grid.add(d.streamName(o.Stream), moment(o.From), d.bracket(o.Bracket, o.Open), count(o.Failed),
			count(o.Relapses), step, remark)
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
func (w words) streamTitle(s record.Stream) string {
	name, kind := plain(s.Name), w.say("kind."+string(s.Kind))
	if strings.HasPrefix(name, string(s.Kind)) && w.lang == "en" {
		return name
	}
	return name + w.say("note", "note", kind)
}

func (d drafter) split() section {
	x := d.res.Split
	s := section{ID: "split", Title: d.say("split-brain")}
	if !x.Proved {
		s.Lead = d.say("split.none")
		if !slices.ContainsFunc(d.rec.Head.Streams, pinned) {
			s.Notes = append(s.Notes, d.say("split.not-probed"))
		}
	} else {
		s.Lead = d.say("split.proved",
			"first", plain(x.First.Member), "second", plain(x.Second.Member), "time", d.time(x.Overlap))
		s.Grid = d.tokenGrid()
		s.Grid.add(d.tokenRow(x.First)...)
		s.Grid.add(d.tokenRow(x.Second)...)
	}
	if d.rec.Head.Promise.SplitBrain {
		s.Notes = append(s.Notes, d.say("split.expected"))
	}
	if x.RoleOverlap > 0 {
		s.Notes = append(s.Notes, d.say("split.roles", "time", d.time(x.RoleOverlap)))
	}
	return s
}

// pinned reports whether a stream writes straight to a member.
func pinned(s record.Stream) bool { return s.Kind == record.Write && s.Member != "" }
