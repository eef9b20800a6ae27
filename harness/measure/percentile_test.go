package measure_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
)

// The nearest rank is always one of the values: the first of which at least p per cent
// are no greater.
func TestPercentile(t *testing.T) {
	ten := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tt := range []struct {
		of   []time.Duration
		p    int
		want time.Duration
	}{
		{nil, 50, 0},
		{ten[:1], 50, 1},
		{ten[:2], 50, 1},
		{ten[:3], 50, 2},
		{ten, 50, 5},
		{ten, 90, 9},
		{ten, 91, 10},
		{ten, 99, 10},
		{ten, 100, 10},
		{ten, 0, 1},
	} {
		if got := measure.Percentile(tt.of, tt.p); got != tt.want {
			t.Errorf("p%d of %d = %d, want %d", tt.p, len(tt.of), got, tt.want)
		}
	}
}
