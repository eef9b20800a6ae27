package toxi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/link/toxi"
)

// elsewhere is a host whose every node is at an address that is for
// documentation: nobody answers there, and it is not this machine's own.
type elsewhere struct {
	host.Host
	host.Node
}

func (e elsewhere) Launch(context.Context, host.Spec) (host.Node, error) { return e, nil }

func (elsewhere) Name() string { return "elsewhere" }

func (elsewhere) Addr(context.Context, int) (string, error) { return "192.0.2.1:8474", nil }

func (elsewhere) Address(string, host.Network, int) string { return "192.0.2.2:5432" }

func (elsewhere) Close(context.Context) error { return nil }

// TestAsksNoProxy runs itself with a web proxy in the environment, which is
// read once in the life of a process, and sees that a relay is not asked for
// there.
func TestAsksNoProxy(t *testing.T) {
	const inChild = "DRILLBOOK_TEST_ASKS"
	if os.Getenv(inChild) != "" {
		n, err := toxi.Launch(t.Context(), elsewhere{}, host.Image{})
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := n.Link(ctx, link.Route{To: "b", Port: 5432}); err == nil {
			t.Error("Link = nil, of a relay that is not there")
		}
		return
	}
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsksNoProxy$")
	child.Env = append(os.Environ(), inChild+"=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL,
		"ALL_PROXY="+proxy.URL, "NO_PROXY=example.com")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("the child: %v\n%s", err, out)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the web proxy was asked %d times, want never", n)
	}
}
