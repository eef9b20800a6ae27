package measure

import (
	"cmp"
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

		Auxiliaries: v.auxiliaries(),
		Stalls:      v.stalls,
	}
	for _, s := range v.series {
		stream := s.summary()
		stream.Unseen = s.unseen(s.responseBound(v))
		r.Streams = append(r.Streams, stream)
		if s.stream.Member == "" && s.stream.Kind != record.Put && s.stream.Kind != record.Get {
			r.Outages = append(r.Outages, v.ofDrill(s.outages(v))...)
		}
	}
	r.Steps = v.steps()
	r.Overloads = v.overloads(v.suffered(r.Outages))
	r.excuse(v)
	v.placeOutages(&r)
	r.Calibrations = v.calibrations()
	r.Error = v.probeError()
	for _, c := range r.Calibrations {
		r.Error = max(r.Error, c.Off())
	}
	r.Phases = v.phases(r)
	r.Writes = v.writes(v.suffered(r.Outages), r.Lanes)
	r.Split = v.split(r.Lanes)
	r.Stale = v.stale(r.Writes)
	r.Brownouts = v.brownouts()
	r.Saved, r.Unsaved = v.saved(r.Writes.Lost)
	r.Figures, r.Lags = v.figures(), v.lags()
	r.judge(v)
	return r
}

// view is a record prepared for measuring.
type view struct {
	rec    *record.Record
	series []*series // by stream
	stalls []Span
	// stalledTo is how far the stalls up to each one reach.
	stalledTo []time.Duration
	chosen    map[string][]time.Duration // when a member was ordered to be primary
	// disturbed is when the drill first did something to the cluster: a fault,
	// a change of roles or, without either, its first step. The time before it
	// is the baseline.
	disturbed time.Duration
	// touched is when it first did so by a fault or a change of roles; endless if
	// it never did.
	touched time.Duration
	end     time.Duration
}

func newView(rec *record.Record) *view {
	v := &view{rec: rec, chosen: map[string][]time.Duration{}, touched: endless}
	v.end = lastMoment(rec)
	for _, e := range rec.Events {
		if e.Kind == record.Prepared || e.Kind == record.Decided {
			v.touched = min(v.touched, e.At)
		}
		if e.Kind == record.Decided {
			v.chosen[e.Member] = append(v.chosen[e.Member], e.At)
		}
	}
	for _, times := range v.chosen {
		slices.Sort(times)
	}
	v.disturbed = min(v.touched, v.end)
	if v.disturbed == v.end {
		v.disturbed = v.firstStep()
	}
	v.series = newSeries(rec, v.disturbed)
	v.stalls = stalls(rec)
	var furthest time.Duration
	for _, s := range v.stalls {
		furthest = max(furthest, s.To)
		v.stalledTo = append(v.stalledTo, furthest)
	}
	return v
}

// ofDrill leaves out the outages that were over before the drill began: clients
// that open their sessions one after the other are not a fault of the service.
func (v *view) ofDrill(outages []Outage) []Outage {
	i := slices.IndexFunc(v.rec.Events, func(e record.Event) bool { return e.Kind == record.Healthy })
	if i < 0 {
		return outages
	}
	began := v.rec.Events[i].At
	return slices.DeleteFunc(outages, func(o Outage) bool { return !o.Open && o.To <= began })
}

// firstStep is when the first step began, by which a drill without a fault or
// a change of roles disturbs service at the earliest.
func (v *view) firstStep() time.Duration {
	for _, e := range v.rec.Events {
		if e.Kind == record.Began {
			return e.At
		}
	}
	return v.end
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
	slices.SortFunc(ss, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return ss
}

// stalled reports whether the harness stood still at any time in between.
func (v *view) stalled(from, to time.Duration) bool {
	began := v.stallsBefore(to)
	return began > 0 && v.stalledTo[began-1] > from
}

// stallsBefore is how many stalls had begun by then.
func (v *view) stallsBefore(t time.Duration) int {
	began, _ := slices.BinarySearchFunc(v.stalls, t, func(s Span, t time.Duration) int {
		return cmp.Compare(s.From, t)
	})
	return began
}

// earliest is when something may have arrived already that was noticed at a
// time right after a stall, or in one.
func (v *view) earliest(noticed time.Duration) time.Duration {
	for n := v.stallsBefore(noticed); n > 0 && v.stalledTo[n-1] > noticed-smallest; n-- {
		noticed = min(noticed, v.stalls[n-1].From)
	}
	return noticed
}

// latest is when something may not have left yet that was to leave at a time
// right before a stall, or in one.
func (v *view) latest(left time.Duration) time.Duration {
	if n := v.stallsBefore(left + smallest); n > 0 {
		return max(left, v.stalledTo[n-1])
	}
	return left
}
