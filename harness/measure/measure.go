package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// Of measures a record. It reads the record and keeps no part of it.
func Of(rec *record.Record) Result {
	v := newView(rec)
	r := Result{
		Took:   v.end,
		Ready:  v.ready(),
		Faults: v.faults(),
		Lanes:  v.lanes(),
		Stalls: v.stalls,
	}
	for _, s := range v.series {
		r.Streams = append(r.Streams, s.summary())
		if s.stream.Member == "" {
			r.Outages = append(r.Outages, s.outages(v)...)
		}
	}
	r.Steps = v.steps()
	v.placeOutages(&r)
	r.Error = v.probeError()
	r.Phases = v.phases(r)
	r.Writes = v.writes(r.Downtime)
	r.Split = v.split(r.Lanes)
	r.Stale = v.stale()
	r.judge(v)
	return r
}

// view is a record prepared for measuring.
type view struct {
	rec    *record.Record
	series []*series // by stream
	stalls []Span
	// disturbed is when the drill first did something to the cluster; the
	// time before it is the baseline.
	disturbed time.Duration
	end       time.Duration
}

func newView(rec *record.Record) *view {
	v := &view{rec: rec}
	v.end = lastMoment(rec)
	v.disturbed = v.end
	for _, e := range rec.Events {
		if e.Kind == record.Prepared || e.Kind == record.Decided {
			v.disturbed = min(v.disturbed, e.At)
		}
	}
	v.series = newSeries(rec, v.disturbed)
	v.stalls = stalls(rec)
	return v
}

// lastMoment is how far the record goes.
func lastMoment(rec *record.Record) time.Duration {
	if rec.Tail != nil {
		return rec.Tail.At
	}
	var last time.Duration
	if n := len(rec.Events); n > 0 {
		last = rec.Events[n-1].At
	}
	if n := len(rec.Attempts); n > 0 {
		last = max(last, rec.Attempts[n-1].Done)
	}
	return last
}

// clientWrites are the streams by which promises are judged.
func (v *view) clientWrites() []*series {
	var ss []*series
	for _, s := range v.series {
		if s.stream.Kind == record.Write && s.stream.Member == "" {
			ss = append(ss, s)
		}
	}
	return ss
}

func (v *view) isClientWrite(stream int) bool {
	s := v.rec.Head.Streams[stream]
	return s.Kind == record.Write && s.Member == ""
}

func (v *view) member(n uint8) string {
	if n == 0 || int(n) > len(v.rec.Head.Members) {
		return ""
	}
	return v.rec.Head.Members[n-1]
}

func (v *view) ready() time.Duration {
	for _, e := range v.rec.Events {
		if e.Kind == record.Ready {
			return e.Took
		}
	}
	return 0
}

// stalls are the spans in which the harness stood still, in order.
func stalls(rec *record.Record) []Span {
	var ss []Span
	for _, e := range rec.Events {
		if e.Kind == record.Stall && e.Took > 0 {
			ss = append(ss, Span{From: e.At - e.Took, To: e.At})
		}
	}
	slices.SortFunc(ss, func(a, b Span) int { return int(a.From - b.From) })
	return ss
}

// stalled reports whether the harness stood still at any time in between.
func (v *view) stalled(from, to time.Duration) bool {
	return slices.ContainsFunc(v.stalls, func(s Span) bool { return s.overlaps(from, to) })
}
