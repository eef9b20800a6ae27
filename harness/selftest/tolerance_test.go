package selftest_test

import (
	"slices"
	"testing"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// tolerance is how far from the truth figures may be, for all that a harness can
// know. The zero tolerance is none.
type tolerance struct {
	overtake time.Duration // answers may overtake each other by so much
	opens    time.Duration // a write may open its session, which takes so long: nobody knows when it was asked
	claims   time.Duration // each time that two claim to be primary is seen so closely
	unheard  time.Duration // and for so long after each promotion nobody hears it
	waits    bool          // the oldest read may have waited for its session
	unread   bool          // members may hold something twice that are not read
}

// loose is what a world by chance needs: sessions are opened at any time, and
// members that open them slowly are seldom asked.
func loose(db fake.Config) tolerance {
	const heard = 250 * ms // the observer waits no longer for a member to say what it is
	slow := db.Defects.Slow
	answer := db.Opening + db.Latency + db.Jitter + slow.By
	may := tolerance{
		overtake: db.Jitter, opens: 2*answer - db.Opening + db.Delay, claims: heard + 4*answer,
		waits: true, unread: true,
	}
	if answer > heard {
		may.unheard = slow.For
	}
	return may
}

// A drill of the table has no tolerance: what is off by anything is wrong. In a world
// by chance it is so only beyond its tolerance.
func TestTolerance(t *testing.T) {
	off := func(by time.Duration, stale time.Duration, members int) outcome {
		o := outcome{
			rec: &record.Record{
				Head:     record.Head{Streams: []record.Stream{{Kind: record.Reading}}},
				Attempts: []record.Attempt{{Wait: 1}},
			},
			truth: fake.Account{
				DoubleAcks: time.Second, Oldest: time.Second, Duplicated: 2, DoubleRoles: time.Second,
				Double: make([]fake.Span, 1),
			},
		}
		o.Split = measure.Split{Proved: true, Overlap: time.Second + by, RoleOverlap: time.Second + by}
		o.Stale.Oldest = time.Second - stale
		o.Writes.Unread = make([]string, members)
		o.Writes.Duplicated = make([]measure.Token, 2-members)
		return o
	}
	wrong := func(o outcome) (names []string) {
		for _, f := range []figure{o.doubleAcks(), o.claims(), o.oldest(), o.twice()} {
			if !f.right {
				names = append(names, f.name)
			}
		}
		return names
	}
	all := []string{doubleAcks, claims, age, duplicated}
	for _, tt := range []struct {
		name string
		o    outcome
		may  tolerance
		want []string
	}{
		{"as it is", off(0, 0, 0), tolerance{}, nil},
		{"off by little", off(1, 1, 1), tolerance{}, all},
		{"off by little, in a world", off(ms, ms, 1), loose(fake.Config{Jitter: 2 * ms}), nil},
		{"off by more", off(300*ms, -ms, 0), loose(fake.Config{Jitter: 2 * ms}), all[:3]},
	} {
		tt.o.may = tt.may
		if got := wrong(tt.o); !slices.Equal(got, tt.want) {
			t.Errorf("%s: wrong are %q, want %q", tt.name, got, tt.want)
		}
	}
}
