package reports_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
)

// token is an attempt by its stream and number.
type token struct {
	stream int
	seq    uint32
}

// The fates of attempts, as the page writes them.
const (
	fateUnknown = iota
	fateAcked
	fateRefused
	fateLost
	fateStale
)

// embedded is what a page holds of one attempt, in microseconds.
type embedded struct {
	fate                 int
	intended, sent, done int64
	member, cause        int
}

// unpacked reads the attempts that are embedded in a page, as explore.js does.
func unpacked(t *testing.T, page string) map[token]embedded {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<template id="explored">`)
	if !ok {
		t.Fatal("the page holds no attempts")
	}
	text, _, _ := strings.Cut(rest, "</template>")
	var data struct {
		Streams []struct {
			Interval int64
			Count    int
		}
		Attempts string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &data); err != nil {
		t.Fatal(err)
	}
	packed, err := base64.RawURLEncoding.DecodeString(data.Attempts)
	if err != nil {
		t.Fatal(err)
	}
	next := func(read func([]byte) (int64, int)) int64 {
		v, n := read(packed)
		if n <= 0 {
			t.Fatal("the attempts end too early")
		}
		packed = packed[n:]
		return v
	}
	signed := func() int64 { return next(binary.Varint) }
	unsigned := func() int {
		return int(next(func(b []byte) (int64, int) { v, n := binary.Uvarint(b); return int64(v), n }))
	}
	all := map[token]embedded{}
	for stream, s := range data.Streams {
		var seq int64
		var last embedded
		for range s.Count {
			first := packed[0]
			packed = packed[1:]
			step := int64(1)
			if first&64 == 0 {
				step = signed()
			}
			seq += step
			last.intended += step * s.Interval
			if first&32 == 0 {
				last.intended += signed()
			}
			last.sent = last.intended + signed()
			last.done = last.sent + signed()
			if first&16 == 0 {
				last.member, last.cause = unsigned(), unsigned()
			}
			last.fate = int(first & 7)
			all[token{stream, uint32(seq)}] = last
		}
	}
	if len(packed) > 0 {
		t.Fatalf("%d bytes are left", len(packed))
	}
	return all
}

// drawn is a picture over time, by its marks.
type drawn struct {
	from, to float64
	marks    map[string][]float64 // their middles, by class
}

// timelineOf reads the marks of the picture over time.
func timelineOf(t *testing.T, page string) drawn {
	t.Helper()
	svg := regexp.MustCompile(`(?s)<svg class="chart moves".*?</svg>`).FindString(page)
	number := func(name string) float64 {
		m := regexp.MustCompile(`data-` + name + `="(\d+)"`).FindStringSubmatch(svg)
		if m == nil {
			t.Fatalf("the picture over time does not say its %s", name)
		}
		n, _ := strconv.ParseFloat(m[1], 64)
		return n
	}
	d := drawn{number("from"), number("to"), map[string][]float64{}}
	_, moving, _ := strings.Cut(svg, `class="moving"`)
	paths := regexp.MustCompile(`<path d="([^"]*)" class="(lost|stale|ring|cross)"`)
	for _, m := range paths.FindAllStringSubmatch(moving, -1) {
		half := map[string]float64{"lost": 4, "stale": 4, "ring": 2, "cross": 2}[m[2]]
		for _, p := range regexp.MustCompile(`M(-?[\d.]+) `).FindAllStringSubmatch(m[1], -1) {
			x, _ := strconv.ParseFloat(p[1], 64)
			d.marks[m[2]] = append(d.marks[m[2]], x+half)
		}
	}
	return d
}

// shows reports whether there is a mark of a class at a time.
func (d drawn) shows(class string, at time.Duration) bool {
	const left, width, cell = 112, 772, 6.1
	x := left + width*(float64(at.Microseconds())-d.from)/(d.to-d.from)
	return slices.ContainsFunc(d.marks[class], func(m float64) bool { return math.Abs(m-x) <= cell })
}

// random is a drill in which anything may happen.
func random(seed uint64) *record.Record {
	rng := rand.New(rand.NewPCG(seed, 16))
	end := time.Duration(1200+rng.IntN(1200)) * ms
	w := newWorld(seed, end)
	for _, s := range []int{writing, reading, direct1, direct2} { // so many that the page cannot have all
		w.rec.Head.Streams[s].Interval = time.Duration(1+s%2) * ms
	}
	begin := time.Duration(rng.IntN(3)) * 200 * ms
	replies := []func() reply{
		hanging, readOnly, func() reply { return refused("connection refused") },
		func() reply { return acked(1, 1) }, func() reply { return acked(2, 2) },
		func() reply { r := acked(2, 2); r.took = time.Duration(rng.IntN(900)) * ms; return r },
	}
	spell := func() func(time.Duration) reply { // what happens in each tenth of the drill
		var what [10]func() reply
		for i := range what {
			what[i] = replies[3]
			if rng.IntN(3) == 0 {
				what[i] = replies[rng.IntN(len(replies))]
			}
		}
		return func(t time.Duration) reply {
			if rng.IntN(200) == 0 {
				return hanging()
			}
			return what[int(10*t/end)]()
		}
	}
	w.client = spell()
	one, two := spell(), spell()
	w.direct = func(member uint8, t time.Duration) reply {
		r := one(t)
		if member == 2 {
			r = two(t)
		}
		if r.outcome == record.Acked {
			r.member = member
		}
		return r
	}
	share := rng.IntN(40)
	w.lost = func(a record.Attempt) bool { return share > 0 && (int(a.Seq)*7+int(a.Stream))%100 < share }
	w.fault("a fault", "a mechanism", end/4, end/4+10*ms, end/2)
	w.run()
	w.rec.Attempts = slices.DeleteFunc(w.rec.Attempts, func(a record.Attempt) bool { return a.Intended < begin })
	for i := range w.rec.Attempts {
		if a := &w.rec.Attempts[i]; a.Stream == reading && a.Saw > 40 && rng.IntN(30) == 0 {
			a.Saw -= 40
		}
	}
	w.readBack([]string{"pg1", "pg2"}[rng.IntN(2)])
	return &w.rec
}

// TestExploredIsWhole: whatever happens in a drill, the page has at least one attempt of
// each outage, and each attempt that failed, was lost or was stale; and each write that
// was lost or is unknown, and each stale read, is marked in the picture.
func TestExploredIsWhole(t *testing.T) {
	count := 40
	if os.Getenv(everySheet) != "" {
		count = 1000
	}
	var outages, lost, stale, unknown int
	for seed := range uint64(count) {
		r := run(random(seed))
		page := rendered(t, func(w io.Writer) error { return asHTML(w, r, "en") })
		c := wholeness{t, seed, r.Drills[0], unpacked(t, page), timelineOf(t, page)}
		c.outages()
		c.attempts()
		res := c.drill.Result
		outages += len(res.Outages)
		lost += len(res.Writes.Lost)
		stale += res.Stale.Count
		unknown += res.Writes.Unknown
		if t.Failed() {
			return
		}
	}
	t.Logf("%d records: outages %d, lost writes %d, stale reads %d, unknown writes %d", count, outages, lost, stale,
		unknown)
	if outages < count || lost < count || stale < count || unknown < count {
		t.Error("too little happened in them")
	}
}

// wholeness compares a page with its record.
type wholeness struct {
	t       *testing.T
	seed    uint64
	drill   reports.Drill
	page    map[token]embedded
	picture drawn
}

func (c wholeness) outages() {
	c.t.Helper()
	for _, o := range c.drill.Result.Outages {
		found := false
		for k, a := range c.page {
			within := a.done >= o.From.Microseconds() && a.intended <= o.To.Microseconds()
			found = found || k.stream == o.Stream && within
		}
		if !found {
			c.t.Errorf("seed %d: no attempt of the outage %+v", c.seed, o)
		}
		for _, a := range c.drill.Record.Attempts {
			if end := a.Done == o.From || a.Done == o.To; end && int(a.Stream) == o.Stream {
				if _, ok := c.page[token{o.Stream, a.Seq}]; !ok {
					c.t.Errorf("seed %d: %+v, at an end of the outage %+v, is left out", c.seed, a, o)
				}
			}
		}
	}
}

func (c wholeness) attempts() {
	c.t.Helper()
	tokens := func(all []measure.Token) map[token]bool {
		m := map[token]bool{}
		for _, one := range all {
			m[token{one.Stream, one.Seq}] = true
		}
		return m
	}
	lost, stale := tokens(c.drill.Result.Writes.Lost), tokens(c.drill.Result.Stale.Reads)
	for _, a := range c.drill.Record.Attempts {
		k := token{int(a.Stream), a.Seq}
		want, class := fateAcked, ""
		write := c.drill.Record.Head.Streams[a.Stream].Kind == record.Write
		switch {
		case a.Outcome == record.Refused:
			want = fateRefused
		case a.Outcome == record.Unknown && write:
			want, class = fateUnknown, "ring"
		case a.Outcome == record.Unknown:
			want = fateUnknown
		case lost[k]:
			want, class = fateLost, "lost"
		case stale[k]:
			want, class = fateStale, "stale"
		}
		got, ok := c.page[k]
		if !ok && want == fateAcked {
			continue
		}
		times := [3]int64{a.Intended.Microseconds(), a.Sent.Microseconds(), a.Done.Microseconds()}
		same := got.fate == want && got.member == int(a.Member) && [3]int64{got.intended, got.sent, got.done} == times
		if !ok || !same {
			c.t.Errorf("seed %d: the page has %+v (%t) of %+v, want the fate %d", c.seed, got, ok, a, want)
		}
		if class != "" && !c.picture.shows(class, a.Intended) {
			c.t.Errorf("seed %d: the picture has no mark %s at %s", c.seed, class, a.Intended)
		}
	}
}
