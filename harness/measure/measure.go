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
		Consents:    v.consents(),
	}
	v.findWrongPrimaries(r.Lanes)
	for _, s := range v.series {
		stream := s.summary()
		stream.Unseen = s.maxUnseen(s.responseBound(v))
		r.Streams = append(r.Streams, stream)
		if s.stream.Member == "" && s.stream.Kind != record.Put && s.stream.Kind != record.Get {
			r.Outages = append(r.Outages, v.sinceHealthy(s.outages(v))...)
		}
	}
	r.Steps = v.steps()
	r.Overloads = v.overloads(v.writeOutages(r.Outages))
	r.blameHarness(v)
	v.assignOutages(&r)
	r.Calibrations = v.calibrations()
	r.Error = v.probeError()
	for _, c := range r.Calibrations {
		r.Error = max(r.Error, c.Error())
	}
	r.Phases = v.phases(r)
	r.Writes = v.writes(v.writeOutages(r.Outages), r.Lanes)
	r.Split = v.split(r.Lanes)
	r.Stale = v.stale(r.Writes)
	r.Reads = v.reads(r.Steps, v.writeOutages(r.Outages))
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
	// stallEnds[i] is the latest end of stalls[:i+1].
	stallEnds []time.Duration
	decisions map[string][]time.Duration // when each member was chosen as the primary
	wrong     []wrongPrimary             // orders that another member has carried out
	// baselineEnd is when the drill first acted on the cluster: by a fault, by a change
	// of roles or, without either, by its first step.
	baselineEnd time.Duration
	// firstDisturbance is the time of the first fault or change of roles; endless if
	// there was none.
	firstDisturbance time.Duration
	end              time.Duration
}

func newView(rec *record.Record) *view {
	v := &view{rec: rec, decisions: map[string][]time.Duration{}, firstDisturbance: endless}
	v.end = recordEnd(rec)
	for _, e := range rec.Events {
		if e.Kind == record.Prepared || e.Kind == record.Decided {
			v.firstDisturbance = min(v.firstDisturbance, e.At)
		}
		if e.Kind == record.Decided {
			v.decisions[e.Member] = append(v.decisions[e.Member], e.At)
		}
	}
	for _, times := range v.decisions {
		slices.Sort(times)
	}
	v.baselineEnd = min(v.firstDisturbance, v.end)
	if v.baselineEnd == v.end {
		v.baselineEnd = v.firstStep()
	}
	var learnFrom time.Duration
	if rec.Head.Watched != nil {
		v.firstDisturbance = v.healthyAt()
		v.baselineEnd = min(v.firstDisturbance, v.end)
		learnFrom = v.baselineEnd - rec.Head.Settings.Baseline // until then the probe was calibrated beside it
	}
	v.series = newSeries(rec, learnFrom, v.baselineEnd)
	v.stalls = stalls(rec)
	var furthest time.Duration
	for _, s := range v.stalls {
		furthest = max(furthest, s.To)
		v.stallEnds = append(v.stallEnds, furthest)
	}
	return v
}

// sinceHealthy leaves out the outages that were over before the clients were
// first served well: the probe opens its sessions one after the other, and that
// is no fault of the service.
func (v *view) sinceHealthy(outages []Outage) []Outage {
	began := v.healthyAt()
	if began == endless {
		return outages
	}
	return slices.DeleteFunc(outages, func(o Outage) bool { return !o.Open && o.To <= began })
}

// firstStep is when the first step began. A drill without a fault or a change of
// roles disturbs service then at the earliest.
func (v *view) firstStep() time.Duration {
	for _, e := range v.rec.Events {
		if e.Kind == record.Began {
			return e.At
		}
	}
	return v.end
}

// recordEnd is the time up to which the record goes.
func recordEnd(rec *record.Record) time.Duration {
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

// clientWrites returns the streams by which promises are judged.
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

// stalls returns the times in which the harness stood still, in order.
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

// stalled reports whether the harness stood still at any time between from and
// to.
func (v *view) stalled(from, to time.Duration) bool {
	began := v.stallsBefore(to)
	return began > 0 && v.stallEnds[began-1] > from
}

// stallsBefore is how many stalls had begun before t.
func (v *view) stallsBefore(t time.Duration) int {
	began, _ := slices.BinarySearchFunc(v.stalls, t, func(s Span, t time.Duration) int {
		return cmp.Compare(s.From, t)
	})
	return began
}

// earliestArrival is the earliest time at which something may have arrived that
// was noticed during a stall or right after one.
func (v *view) earliestArrival(noticed time.Duration) time.Duration {
	for n := v.stallsBefore(noticed); n > 0 && v.stallEnds[n-1] > noticed-minGap; n-- {
		noticed = min(noticed, v.stalls[n-1].From)
	}
	return noticed
}

// latestDeparture is the latest time at which something may have left that was
// due during a stall or right before one.
func (v *view) latestDeparture(left time.Duration) time.Duration {
	if n := v.stallsBefore(left + minGap); n > 0 {
		return max(left, v.stallEnds[n-1])
	}
	return left
}
