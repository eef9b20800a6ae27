package selftest_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The oracle takes worlds by chance through whole drills and holds what was
// measured against what is true: see truth_test.go for what must be so.
var (
	drills = flag.Int("n", 500, "so many drills of the oracle")
	first  = flag.Uint64("seed", 1, "the seed of the first of them; each has the next")
)

// mayNotBegin is how many of a hundred drills may not begin: they prove nothing.
const mayNotBegin = 2

func TestOracle(t *testing.T) {
	n := *drills
	if testing.Short() {
		n = min(n, 50)
	}
	var next, began, wrong atomic.Int64
	tell := progress(n)
	var working sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if !foretold(t, *first+uint64(i), &began) {
					wrong.Add(1)
				}
				tell(int(i+1), int(wrong.Load()))
			}
		})
	}
	working.Wait()
	idle := n - int(began.Load())
	fmt.Fprintf(os.Stdout, "oracle: %d drills, %d could not begin, %d contradictions\n", n, idle, wrong.Load())
	if idle*100 > n*mayNotBegin {
		t.Errorf("%d of %d drills could not begin: make worlds that can, or the oracle proves little", idle, n)
	}
}

// progress says now and then how far it got.
func progress(of int) func(done, wrong int) {
	var mu sync.Mutex // guards last
	last := time.Now()
	return func(done, wrong int) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(os.Stdout, "oracle: %d of %d drills, %d contradictions\n", done, of, wrong)
		}
	}
}

// foretold carries the drill of a seed out, and counts it if it began.
func foretold(t *testing.T, seed uint64, began *atomic.Int64) bool {
	t.Helper()
	return t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
		w := newWorld(seed)
		o := w.run(t)
		if o.refused != nil {
			t.Logf("it could not begin: %v", o.refused)
			return // which is no verdict
		}
		began.Add(1)
		wrong := o.contradictions()
		for n := range uint64(layings) {
			wrong = append(wrong, o.laid(seed, n)...)
		}
		if len(wrong) > 0 || *drills == 1 {
			t.Log(w)
		}
		if len(wrong) > 0 {
			t.Errorf("%s\nagain: make oracle N=1 SEED=%d", strings.Join(wrong, "\n"), seed)
		}
	})
}
