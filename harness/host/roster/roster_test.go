package roster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
)

// node is there and does nothing.
type node struct{ host.Node }

func launched(context.Context) (host.Node, error) { return node{}, nil }

func TestNames(t *testing.T) {
	r := roster.New(t.Context())
	broken := errors.New("it is broken")
	if _, err := r.Launch(t.Context(), "a", func(ctx context.Context) (host.Node, error) {
		_, there := r.Node("a")
		_, taken := r.Launch(ctx, "a", launched)
		if there || taken == nil {
			t.Errorf("while it is launched: there is %v, and launching it again is %v", there, taken)
		}
		return nil, broken
	}); !errors.Is(err, broken) {
		t.Errorf("Launch = %v, want %v", err, broken)
	}
	for _, tt := range []struct{ name, want string }{
		{"a", ""}, // free again
		{"a", "name is taken"},
		{"B", "name is not made of"},
		{"b-private", "name is not made of"},
		{strings.Repeat("b", 41), "name is not made of"},
	} {
		_, err := r.Launch(t.Context(), tt.name, launched)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Launch of %s = %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, there := r.Node("a"); !there {
		t.Error("there is no a")
	}
}

func TestCloseEndsLaunches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := roster.New(t.Context())
		var late error
		go func() {
			_, late = r.Launch(t.Context(), "a", func(ctx context.Context) (host.Node, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
		}()
		synctest.Wait()
		if _, err := r.Launch(t.Context(), "b", launched); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if left := r.Close(); len(left) != 1 {
				t.Errorf("Close = %v, want b", left)
			}
		}
		synctest.Wait()
		if !errors.Is(late, context.Canceled) {
			t.Errorf("the launch that was under way = %v, want it cancelled", late)
		}
		if _, err := r.Launch(t.Context(), "c", launched); !errors.Is(err, roster.ErrClosed) {
			t.Errorf("Launch on a closed host = %v, want ErrClosed", err)
		}
	})
}
