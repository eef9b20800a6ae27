package main

import (
	"path/filepath"
	"testing"
	"time"

	"drillbook/harness/night"
)

// A night that is cut as docs/farm.md says has shards of about the same length.
func TestOwnNight(t *testing.T) {
	n, err := readNight(embedded(t), filepath.Join("..", "..", "night.yaml"), "")
	must(t, err)
	for of := 1; of <= 8; of++ {
		var longest, total time.Duration
		for _, shard := range night.Deal(n.cells, n.times, of) {
			took := time.Duration(0)
			for _, c := range shard {
				took += n.times.Of(c)
			}
			longest, total = max(longest, took), total+took
		}
		if ratio := float64(longest) * float64(of) / float64(total); ratio > 1.15 {
			t.Errorf("of %d shards the longest is %.2f times the mean", of, ratio)
		}
	}
}
