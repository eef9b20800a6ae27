package measure

import (
	"slices"

	"drillbook/harness/record"
)

// stale counts the reads that did not show a write which had been acknowledged
// before they were sent and is not lost. A read shows the highest sequence number
// of the first stream of clients' writes.
func (v *view) stale(ws Writes) Stale {
	var st Stale
	writers := v.clientWrites()
	if len(writers) == 0 || !ws.Counted {
		return st
	}
	w := writers[0]
	lost := map[uint32]bool{}
	for _, t := range ws.Lost {
		if t.Stream == w.index {
			lost[t.Seq] = true
		}
	}
	// newest[k] is the highest sequence number acknowledged by w.acks[k]
	newest := make([]uint32, len(w.acks))
	high := uint32(0)
	for k := range w.acks {
		if seq := w.ack(k).Seq; !lost[seq] {
			high = max(high, seq)
		}
		newest[k] = high
	}
	for _, s := range v.series {
		if s.stream.Kind != record.Reading {
			continue
		}
		for _, n := range s.acks {
			read := &s.attempts[n]
			k, _ := slices.BinarySearchFunc(newest, read.Saw, func(have, saw uint32) int {
				if have > saw {
					return 1
				}
				return -1
			})
			if k < len(newest) && w.ack(k).Done <= read.Sent {
				st.Count++
				st.Reads = append(st.Reads, v.token(read))
				st.Oldest = max(st.Oldest, read.Sent-w.ack(k).Done)
			}
		}
	}
	return st
}
