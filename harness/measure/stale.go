package measure

import (
	"slices"

	"drillbook/harness/record"
)

// stale finds reads that did not show what had been acknowledged before they
// were sent. What a read shows is the highest sequence number of the first
// stream of clients' writes.
func (v *view) stale() Stale {
	var st Stale
	writers := v.clientWrites()
	if len(writers) == 0 {
		return st
	}
	w := writers[0]
	// newest[k] is the highest sequence number acknowledged by w.acks[k]
	newest := make([]uint32, len(w.acks))
	high := uint32(0)
	for k := range w.acks {
		high = max(high, w.ack(k).Seq)
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
				st.Oldest = max(st.Oldest, read.Sent-w.ack(k).Done)
			}
		}
	}
	return st
}
