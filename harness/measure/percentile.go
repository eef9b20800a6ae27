package measure

import (
	"math/bits"
	"slices"
	"time"
)

// percentile is the nearest-rank percentile.
func percentile(ds []time.Duration, p int) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	rank := (len(ds)*p + 99) / 100
	return nth(ds, max(rank, 1)-1)
}

// nth is what would stand at index n if the durations were sorted. It counts
// how many fall into each of equal parts of their range, and goes on within the
// part that holds the answer: exact, and linear whatever they are.
func nth(ds []time.Duration, n int) time.Duration {
	const parts = 11 // bits
	low := slices.Min(ds)
	span := uint64(slices.Max(ds)) - uint64(low) //nolint:gosec // differences are right even when they overflow
	for span > 0 {
		shift := max(0, bits.Len64(span)-parts)
		var counts [1 << parts]int
		for _, d := range ds {
			if above := uint64(d) - uint64(low); above <= span { //nolint:gosec // as before
				counts[above>>shift]++
			}
		}
		part := uint64(0)
		for ; n >= counts[part]; part++ {
			n -= counts[part]
		}
		low += time.Duration(part << shift) //nolint:gosec // within the span
		span = min(span-part<<shift, 1<<shift-1)
	}
	return low
}
