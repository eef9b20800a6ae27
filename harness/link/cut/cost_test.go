package cut_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
)

// cutsEnv is how many cuts [TestCutCost] makes. It measures time, so that nothing may run beside
// it. bench/cut-cost.sh copies this file into an older tree and compares.
const cutsEnv = "DRILLBOOK_CUTS"

// TestCutCost times cuts in containers, from their injection to their confirmation.
func TestCutCost(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(cutsEnv))
	if err != nil || n < 1 {
		t.Skipf("%s says how many cuts: make cut-cost", cutsEnv)
	}
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b", Over: host.Private, Port: port})
	must(t, err)
	took := make([]time.Duration, 0, n)
	for range n {
		ctx, done := context.WithTimeout(t.Context(), 10*time.Second)
		began := time.Now()
		must(t, l.Impose(ctx, link.Condition{Kind: link.Drop}))
		_, err := l.Confirm(ctx)
		for err != nil && ctx.Err() == nil {
			_, err = l.Confirm(ctx)
		}
		must(t, err)
		took = append(took, time.Since(began))
		must(t, l.Clear(ctx))
		_, err = l.Cleared(ctx)
		must(t, err)
		done()
	}
	slices.Sort(took)
	at := func(percent int) time.Duration {
		return took[min(n*percent/100, n-1)].Round(100 * time.Microsecond)
	}
	t.Logf("cut, injected to confirmed, %d times: p50 %s, p95 %s, most %s", n, at(50), at(95), at(100))
}
