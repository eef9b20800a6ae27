package probe_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// However many clients there are: to an address where nobody answers, from which
// they all come to the next server at the same time, only so many set out that one
// which has to fork for each can still serve them.
func TestConcurrentDialsAreBounded(t *testing.T) {
	st := stream(record.Write, "")
	st.Interval, st.Connect = time.Millisecond, 200*ms
	st.Sessions = probe.Sessions(st.Interval, st.Reply)
	out := newFile(t)
	synctest.Test(t, func(t *testing.T) {
		head := record.Head{Members: []string{"a", "b"}, Streams: []record.Stream{st}}
		j, err := record.NewWriter(out, head)
		if err != nil {
			t.Fatal(err)
		}
		var under, most atomic.Int64
		open := func(ctx context.Context, _ func(context.Context) error) (driver.Session, error) {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		p, err := probe.Start(t.Context(), probe.Config{
			Run: "run", Began: time.Now(), Members: head.Members, Journal: j,
			Streams: []probe.Stream{{Stream: st, Open: open}},
		})
		if err != nil {
			t.Fatal(err)
		}
		after(2 * time.Second)
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if err := j.Close(record.Tail{}); err != nil {
			t.Error(err)
		}
		if n := most.Load(); n < 20 || n > 60 {
			t.Errorf("%d set out at once, want some fifty at most", n)
		}
	})
}
