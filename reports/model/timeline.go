package model

import (
	"math"
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// Timeline is the picture of a whole drill: one row under another, all on one
// axis of time.
type Timeline struct {
	Picture
	StepsName  string
	Steps      []StepBar
	Stalls     []Span // in which the harness itself stood still
	Waits      []Span // for a person
	FaultsName string
	Faults     []FaultBar
	MoreFaults string  // says how many are left out; "" if none
	Shares     []Share // of writes and of reads
	Latency    *Latency
	Lanes      []Lane
	SplitName  string
	Split      *Span // in which a split brain is proved; nil if none is
	Lag        *Lag  // nil if it was not watched
}

// StepBar is a step that was reached.
type StepBar struct {
	Span
	Number int
}

// FaultBar is a fault, from injected to healed.
type FaultBar struct {
	Span                    // from 0 if it was not injected
	Prepared  time.Duration // when injecting it began; 0 if that is not known
	Confirmed *time.Duration
}

// Share is the share of attempts that were acknowledged.
type Share struct {
	Kind        string // of the streams: write or read
	Name, Under string
	Buckets
	Outages []Span
	Stale   []Point // reads
}

// Latency is the latency of writes, and after how long others failed.
type Latency struct {
	Name    string
	MaxName string // what the greatest is called
	Buckets
	Scale
	Failed Points // and those that were lost
}

// Lag is how far members were behind.
type Lag struct {
	Name, Under string
	Most        int64
	Lines       []LagLine
}

// LagLine is how far one member was behind, by time.
type LagLine struct {
	Member  string
	Samples []LagSample
}

// LagSample is how far a member was behind at some time.
type LagSample struct {
	At    time.Duration
	Bytes int64
}

// timeline is nil if the record has no time.
func (d drafter) timeline() *Timeline {
	if d.res.Took <= 0 {
		return nil
	}
	t := &Timeline{
		Picture: d.picture("picture", min(firstAttempt(d.rec), d.res.Took), d.res.Took,
			Legend{"acked", "legend.acked"}, Legend{"refused", "legend.refused"}, Legend{"unknown", "legend.unknown"},
			Legend{"cross", "legend.refused-one"}, Legend{"ring", "legend.unknown-one"},
			Legend{"lost", "legend.lost"}, Legend{"stale", "legend.stale"},
			Legend{"out", "legend.outage"}, Legend{"fault", "legend.fault"}, Legend{"unheld", "legend.unheld"},
			Legend{"confirmed", "legend.confirmed"}, Legend{"took", "legend.took"}, Legend{"stall", "legend.stall"},
			Legend{"wait", "legend.wait"}, Legend{"alert", "legend.alert"}),
		Waits: d.waits(), StepsName: d.Say("row.steps"), Steps: d.stepBars(), FaultsName: d.Say("row.fault"),
		SplitName: d.Say("row.split"), Lanes: d.lanes(),
	}
	t.Ticks, t.Desc = d.ticks(t.Picture, 0, ""), d.Say("picture.desc")
	for _, s := range d.res.Stalls[:min(len(d.res.Stalls), maxRows)] {
		t.Stalls = append(t.Stalls, Span{From: s.From, To: s.To})
	}
	t.Faults, t.MoreFaults = d.faultBars(t.To)
	t.Shares = append(d.share(record.Write, "row.writes", t.Picture),
		d.share(record.Reading, "row.reads", t.Picture)...)
	t.Latency = d.latency(t.Picture)
	took := d.takenBy(t.To)
	for i, l := range d.res.Lanes[:len(t.Lanes)] {
		t.Lanes[i].Took = took[i]
		if chosen := d.writers(l.Member); chosen != nil {
			all := d.points(t.Picture, chosen)
			t.Lanes[i].Answers = Points{Unknown: all.Unknown, Lost: all.Lost}
		}
	}
	t.Lanes = append(t.Lanes, d.auxiliaries()...) // which take no writes
	if s := d.res.Split; s.Proved {
		t.Split = &Span{From: s.First.At, To: s.Second.At, Label: d.Duration(s.Overlap)}
	}
	for i := range t.Lanes {
		t.Lanes[i].Alerts = d.alertMarks(t.Lanes[i].Member)
	}
	t.Lag = d.lag()
	t.Table = d.behindTimeline(t)
	return t
}

func (d drafter) stepBars() []StepBar {
	var bars []StepBar
	for _, s := range d.res.Steps[:min(len(d.res.Steps), maxRows)] {
		if s.Outcome != measure.Skipped {
			full := strconv.Itoa(s.Number) + ". " + text.Name(s.Title.In(d.Lang))
			span := Span{s.From, s.From + s.Took, full, full + " — " + d.Duration(s.Took)}
			bars = append(bars, StepBar{span, s.Number})
		}
	}
	return bars
}

// maxFaultRows bounds the faults that get a row of their own.
const maxFaultRows = 6

func (d drafter) faultBars(end time.Duration) (bars []FaultBar, more string) {
	prepared := d.events(record.Prepared) // injecting may take a while
	for i, f := range d.res.Faults {
		if i == maxFaultRows {
			return bars, d.Say("more-faults", "count", count(len(d.res.Faults)-i))
		}
		label := text.Name(d.told(f.What))
		if f.Confirmed == nil {
			label += " — " + d.Say("fault.unconfirmed")
		}
		span := Span{f.Injected, end, label, label + " — " + text.Name(d.told(f.Mechanism))}
		bar := FaultBar{Span: span, Confirmed: f.Confirmed}
		if f.Healed != nil {
			bar.To = *f.Healed
		}
		if i < len(prepared) {
			bar.Prepared = prepared[i].At
		}
		bars = append(bars, bar)
	}
	return bars, ""
}

// share is of one kind of stream; there is none without such streams.
func (d drafter) share(kind record.StreamKind, name string, p Picture) []Share {
	chosen := d.clients(kind)
	if chosen == nil {
		return nil
	}
	s := Share{
		Kind: string(kind), Name: d.Say(name), Under: d.Say("row.share"), Buckets: fill(d.rec, chosen, p),
		Outages: d.outagesOf(kind),
	}
	if kind == record.Reading && d.bad.stale != nil {
		s.Stale = d.points(p, chosen).Stale
	}
	return []Share{s}
}

// latency is nil if no client tried to write.
func (d drafter) latency(p Picture) *Latency {
	chosen := d.clients(record.Write)
	if chosen == nil {
		return nil
	}
	l := &Latency{Name: d.Say("row.latency"), MaxName: d.Say("max"), Buckets: fill(d.rec, chosen, p)}
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for _, b := range l.All {
		if b.Acked > 0 {
			low, high = min(low, b.P50), max(high, b.Max)
		}
	}
	l.Failed = d.points(p, chosen)
	l.Failed.Acked = nil // the buckets tell of those
	for _, failed := range l.Failed.All() {
		high = max(high, failed.Took)
	}
	if high == 0 {
		return nil
	}
	l.Scale = d.scale(min(low, high), high)
	return l
}

// lag is nil if it was not watched.
func (d drafter) lag() *Lag {
	samples := d.events(record.Lag)
	if len(samples) == 0 {
		return nil
	}
	l := &Lag{Name: d.Say("row.lag")}
	by := map[string][]LagSample{}
	for _, e := range samples {
		l.Most = max(l.Most, e.Bytes)
		by[e.Member] = append(by[e.Member], LagSample{e.At, e.Bytes})
	}
	l.Under = d.Say("lag-most", "size", words.Size(l.Most))
	for _, m := range d.rec.Head.Members[:min(len(d.rec.Head.Members), maxRows)] {
		if len(by[m]) > 0 {
			l.Lines = append(l.Lines, LagLine{text.Name(m), by[m]})
		}
	}
	return l
}
