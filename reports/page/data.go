package page

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html/template"
	"time"

	"drillbook/reports/model"
)

// explored is what explore.js reads.
type explored struct {
	From     int64             `json:"from"` // as all times, in microseconds
	To       int64             `json:"to"`
	Streams  []exploredStream  `json:"streams"`
	Members  []string          `json:"members"`
	Causes   []string          `json:"causes"`
	Jumps    []jump            `json:"jumps"`
	Words    map[string]string `json:"words"`
	Attempts string            `json:"attempts"`
}

type exploredStream struct {
	Name     string `json:"name"`
	Clients  bool   `json:"clients"`
	Interval int64  `json:"interval"`
	Count    int    `json:"count"`
}

type jump struct {
	Kind   string `json:"kind"`
	Label  string `json:"label"`
	Stream string `json:"stream,omitempty"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
}

// data is what explore.js reads, as the text of an element. JSON of Go escapes all that
// could begin a tag.
func data(e model.Explorer) (template.HTML, error) {
	d := explored{
		From: e.From.Microseconds(), To: e.To.Microseconds(), Members: e.Members, Causes: e.Causes, Words: e.Words,
		Jumps: []jump{},
	}
	for _, j := range e.Jumps {
		d.Jumps = append(d.Jumps, jump{j.Kind, j.Label, j.Stream, j.From.Microseconds(), j.To.Microseconds()})
	}
	var packed []byte
	for _, s := range e.Streams {
		d.Streams = append(d.Streams, exploredStream{s.Name, s.Clients, s.Interval.Microseconds(), len(s.Attempts)})
		packed = pack(packed, s)
	}
	d.Attempts = base64.RawURLEncoding.EncodeToString(packed)
	text, err := json.Marshal(d)
	return template.HTML(text), err //nolint:gosec // see above
}

// The bits of the first byte of an attempt, above the three of its fate. What is as
// expected is left out.
const (
	expired  = 1 << 3
	alike    = 1 << 4 // member and cause are those of the attempt before
	onTime   = 1 << 5 // it was to leave when the interval says
	adjacent = 1 << 6 // its number is the next one
)

// pack appends the attempts of a stream: for each a byte, then, where that byte does not
// say that they are as expected, by how much its number is higher, how many microseconds
// it was to leave off schedule, then by how many it left late, how many it took, and its
// member and cause.
func pack(to []byte, s model.Explored) []byte {
	var before model.Attempt
	at, interval := int64(0), s.Interval.Microseconds()
	for _, a := range s.Attempts {
		first := byte(a.Fate)
		if a.Expired {
			first |= expired
		}
		if a.Member == before.Member && a.Cause == before.Cause {
			first |= alike
		}
		step := int64(a.Seq) - int64(before.Seq)
		if step == 1 {
			first |= adjacent
		}
		off := a.Intended.Microseconds() - at - step*interval
		if off == 0 {
			first |= onTime
		}
		to = append(to, first)
		if step != 1 {
			to = binary.AppendVarint(to, step)
		}
		if off != 0 {
			to = binary.AppendVarint(to, off)
		}
		to = binary.AppendVarint(to, micros(a.Sent, a.Intended))
		to = binary.AppendVarint(to, micros(a.Done, a.Sent))
		if first&alike == 0 {
			to = binary.AppendUvarint(to, uint64(a.Member)) //nolint:gosec // an index
			to = binary.AppendUvarint(to, uint64(a.Cause))  //nolint:gosec // an index
		}
		before, at = a, a.Intended.Microseconds()
	}
	return to
}

// micros is how much later one time is than another, both as they are written.
func micros(later, earlier time.Duration) int64 { return later.Microseconds() - earlier.Microseconds() }
