package cut_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/linktest"
)

const port = 5432

// pair launches two database servers on a host of their own. They know nothing
// of each other, but listen.
func pair(t *testing.T) *container.Host {
	t.Helper()
	return pairOn(t, container.Config{})
}

func pairOn(t *testing.T, cfg container.Config) *container.Host {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	cfg.Run, cfg.NetAdmin = fmt.Sprintf("test-%08x", rand.Uint32()), images.NetAdmin()
	h, err := container.Open(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(t.Context())) })
	errs := make([]error, 2)
	var launching sync.WaitGroup
	for i, name := range []string{"a", "b"} {
		launching.Go(func() {
			_, errs[i] = h.Launch(t.Context(), host.Spec{Name: name, Image: image.Server(), Ports: []int{port}})
		})
	}
	launching.Wait()
	must(t, errors.Join(errs...))
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func node(t *testing.T, h *container.Host, name string) host.Node {
	t.Helper()
	n, ok := h.Node(name)
	if !ok {
		t.Fatalf("no node %s", name)
	}
	return n
}

func TestAfterRestart(t *testing.T) {
	t.Parallel()
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b", Over: host.Private, Port: port})
	must(t, err)
	a := node(t, h, "a")

	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
	must(t, a.Kill(t.Context()))
	if evidence, err := l.Confirm(t.Context()); err == nil {
		t.Errorf("Confirm while the node is down = %q, want an error", evidence)
	}
	must(t, l.Clear(t.Context()))
	if evidence, err := l.Cleared(t.Context()); err != nil || !strings.Contains(evidence.Text, "down") {
		t.Errorf("Cleared while the node is down = %q, %v", evidence, err)
	}

	must(t, a.Start(t.Context()))
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
	must(t, a.Kill(t.Context()))
	must(t, a.Start(t.Context()))
	if evidence, err := l.Confirm(t.Context()); err == nil {
		t.Errorf("Confirm after a restart = %q, want an error: the rules are gone", evidence)
	}
	if got := dial(t, h, "a", "b-private"); got != connects {
		t.Errorf("after a restart a %s, want %s", got, connects)
	}
	for range 2 {
		must(t, l.Clear(t.Context()))
	}
	deleteTable(t, l, a)
}

// deleteTable: counters outlive the rules that counted, and prove nothing then.
func deleteTable(t *testing.T, l link.Link, a host.Node) {
	t.Helper()
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
	for range 2 { // the second time by what was counted before
		_, err := l.Confirm(t.Context())
		must(t, err)
	}
	admin, ok := a.(host.NetAdmin)
	if !ok {
		t.Fatal("the network of a cannot be changed")
	}
	_, err := admin.NetExec(t.Context(), host.Command{Argv: []string{
		"sh", "-c", "for t in $(nft list tables | cut -d' ' -f3); do nft flush table ip $t; done",
	}})
	must(t, err)
	if evidence, err := l.Confirm(t.Context()); err == nil {
		t.Errorf("Confirm of rules that were taken out = %q, want an error", evidence)
	}
	must(t, l.Clear(t.Context()))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	if err := linktest.Check(t.Context(), network, linktest.Case{
		Route:      link.Route{From: "a", To: "b", Over: host.Private, Port: port},
		Can:        []link.Condition{{Kind: link.Drop}, {Kind: link.Refuse}},
		CannotDo:   []link.Kind{link.Latency, link.Bandwidth, link.HalfOpen, link.Reset, link.SlowClose, "none"},
		WantWithin: 5 * time.Second,
	}); err != nil {
		t.Error(err)
	}
}

// bare is a host that cannot be asked for its nodes.
type bare struct{ host.Host }

func (bare) Name() string { return "bare" }

func TestUnsupported(t *testing.T) {
	t.Parallel()
	if _, err := cut.New(bare{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("New = %v, want ErrUnsupported", err)
	}
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	_, err = network.Link(t.Context(), link.Route{To: "b", Over: host.Private})
	if !errors.Is(err, link.ErrUnsupported) {
		t.Errorf("Link of the harness over the private network = %v, want ErrUnsupported", err)
	}
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "nobody", Port: port})
	must(t, err)
	if err := l.Impose(t.Context(), link.Condition{Kind: link.Drop}); err == nil {
		t.Error("Impose on a link to nobody: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err = network.Link(t.Context(), link.Route{From: "a", To: "b", Port: port})
	must(t, err)
	if err := l.Impose(ctx, link.Condition{Kind: link.Drop}); !errors.Is(err, context.Canceled) {
		t.Errorf("Impose when cancelled = %v, want context.Canceled", err)
	}
}
