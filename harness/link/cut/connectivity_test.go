package cut_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
)

// How a try to connect ends.
const (
	connects = "connects"
	refused  = "refused"
	hangs    = "hangs"
)

// dial tries to connect from within a node.
func dial(t *testing.T, h *container.Host, from, to string) string {
	t.Helper()
	return dialWithin(t, h, from, to, "0.4")
}

func dialWithin(t *testing.T, h *container.Host, from, to, seconds string) string {
	t.Helper()
	answer, err := node(t, h, from).Exec(t.Context(), host.Command{
		Argv: []string{"timeout", seconds, "bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/%s/%d", to, port)},
	})
	switch {
	case err != nil:
		return err.Error()
	case answer.Code == 0:
		return connects
	case answer.Code == 124:
		return hangs
	case strings.Contains(answer.Stderr, "refused"):
		return refused
	default:
		return answer.Stderr
	}
}

// dialSelf tries to connect from the test.
func dialSelf(addr string) string {
	c, err := net.DialTimeout("tcp", addr, 400*time.Millisecond)
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case err == nil:
		_ = c.Close()
		return connects
	case ok && timeout.Timeout():
		return hangs
	case strings.Contains(err.Error(), "refused"):
		return refused
	default:
		return err.Error()
	}
}

// TestConnectivityUnderConditions imposes conditions and looks who can still connect.
func TestConnectivityUnderConditions(t *testing.T) {
	t.Parallel()
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	type reach struct{ abPrivate, abPublic, baPrivate, clients string }
	all := reach{connects, connects, connects, connects}
	look := func(clients string) (r reach) {
		var looking sync.WaitGroup
		looking.Go(func() { r.abPrivate = dial(t, h, "a", "b-private") })
		looking.Go(func() { r.abPublic = dial(t, h, "a", "b") })
		looking.Go(func() { r.baPrivate = dial(t, h, "b", "a-private") })
		looking.Go(func() { r.clients = dialSelf(clients) })
		looking.Wait()
		return r
	}
	clients, err := network.Link(t.Context(), link.Route{To: "b", Port: port})
	must(t, err)
	if got := look(clients.Addr()); got != all {
		t.Fatalf("before anything: %+v, want %+v", got, all)
	}
	for _, tt := range []struct {
		name  string
		route link.Route
		kind  link.Kind
		want  reach
		note  string // in the evidence
	}{
		{
			"drop one way",
			link.Route{From: "a", To: "b", Over: host.Private, Port: port},
			link.Drop,
			reach{hangs, connects, connects, connects},
			"dropped by nftables rules in the network of a",
		},
		{
			"refuse one way",
			link.Route{From: "a", To: "b", Over: host.Private, Port: port},
			link.Refuse,
			reach{refused, connects, connects, connects},
			"refused by nftables rules in the network of a",
		},
		{
			"both networks",
			link.Route{From: "a", To: "b", Port: port},
			link.Drop,
			reach{hangs, hangs, connects, connects},
			"dropped",
		},
		{
			"everything",
			link.Route{From: "a", To: "b"},
			link.Drop,
			reach{hangs, hangs, hangs, connects},
			"dropped",
		},
		{
			"refuse everything",
			link.Route{From: "a", To: "b"},
			link.Refuse,
			reach{refused, refused, refused, connects},
			"refused",
		},
		{"another port", link.Route{From: "a", To: "b", Port: port + 1}, link.Drop, all, "dropped"},
		{
			"clients",
			link.Route{To: "b", Port: port},
			link.Drop,
			reach{connects, connects, connects, hangs},
			"dropped by nftables rules in the network of b",
		},
		{
			"refuse clients",
			link.Route{To: "b", Over: host.Public, Port: port},
			link.Refuse,
			reach{connects, connects, connects, refused},
			"refused by nftables rules in the network of b",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := network.Link(t.Context(), tt.route)
			must(t, err)
			must(t, l.Impose(t.Context(), link.Condition{Kind: tt.kind}))
			evidence, err := l.Confirm(t.Context())
			if err != nil || !strings.Contains(evidence.Text, tt.note) {
				t.Errorf("Confirm = %q, %v, want %q in it", evidence, err, tt.note)
			}
			if got := look(clients.Addr()); got != tt.want {
				t.Errorf("imposed: %+v, want %+v", got, tt.want)
			}
			must(t, l.Clear(t.Context()))
			if evidence, err := l.Cleared(t.Context()); err != nil {
				t.Errorf("Cleared = %q, %v", evidence, err)
			}
			if got := look(clients.Addr()); got != all {
				t.Errorf("cleared: %+v, want %+v", got, all)
			}
		})
	}
	must(t, network.Close(t.Context()))
}

// TestCutIsDirected: a cut of what a opens to b counts packets when a dials b and none
// when b dials a, which connects; and the other way round.
func TestCutIsDirected(t *testing.T) {
	t.Parallel()
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	counted := func(l link.Link) int {
		t.Helper()
		evidence, err := l.Confirm(t.Context())
		must(t, err)
		var n int
		if _, err := fmt.Sscanf(evidence.Text, "%d packets dropped", &n); err != nil {
			t.Fatalf("evidence %q does not begin with a number of packets: %v", evidence, err)
		}
		return n
	}
	for _, tt := range []struct{ from, to string }{{"a", "b"}, {"b", "a"}} {
		l, err := network.Link(t.Context(), link.Route{From: tt.from, To: tt.to, Over: host.Private, Port: port})
		must(t, err)
		must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
		before := counted(l) // tries to connect if nothing was counted yet
		if got := dialWithin(t, h, tt.to, tt.from+"-private", "5"); got != connects {
			t.Errorf("%s to %s is cut: %s to %s %s, want %s", tt.from, tt.to, tt.to, tt.from, got, connects)
		}
		if after := counted(l); after != before {
			t.Errorf("%s to %s: %d packets counted while only %s dialled %s",
				tt.from, tt.to, after-before, tt.to, tt.from)
		}
		if got := dial(t, h, tt.from, tt.to+"-private"); got != hangs {
			t.Errorf("%s to %s is cut: it %s, want %s", tt.from, tt.to, got, hangs)
		}
		if after := counted(l); after <= before {
			t.Errorf("%s to %s: no packet counted while %s dialled %s", tt.from, tt.to, tt.from, tt.to)
		}
		must(t, l.Clear(t.Context()))
	}
	must(t, network.Close(t.Context()))
}

// TestOpenConnection: a dropped connection hangs and then goes on, a refused
// one is reset.
func TestOpenConnection(t *testing.T) {
	t.Parallel()
	h := pair(t)
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b", Over: host.Private, Port: port})
	must(t, err)
	a := node(t, h, "a")
	shell := func(script string) {
		t.Helper()
		answer, err := a.Exec(t.Context(), host.Command{Argv: []string{"bash", "-c", script}})
		if err != nil || answer.Code != 0 {
			t.Fatalf("%s: %+v, %v", script, answer, err)
		}
	}
	for _, kind := range []link.Kind{link.Drop, link.Refuse} {
		t.Run(string(kind), func(t *testing.T) {
			shell("rm -f /tmp/up /tmp/go")
			type end struct {
				answer host.Answer
				err    error
			}
			ended := make(chan end, 1)
			go func() {
				answer, err := a.Exec(t.Context(), host.Command{
					Argv: []string{
						"bash", "-c",
						"until pg_isready -q -h b-private; do sleep 0.02; done; psql -h b-private -tA",
					},
					Stdin: "SELECT 'one';\n\\! touch /tmp/up; until [ -e /tmp/go ]; do sleep 0.02; done\n" +
						"SELECT 'two';\n",
				})
				ended <- end{answer, err}
			}()
			shell("until [ -e /tmp/up ]; do sleep 0.02; done")
			must(t, l.Impose(t.Context(), link.Condition{Kind: kind}))
			shell("touch /tmp/go")
			var got end
			select {
			case got = <-ended:
				if kind == link.Drop {
					t.Fatalf("the session ended during the cut: %+v", got)
				}
			case <-time.After(700 * time.Millisecond):
				if kind == link.Refuse {
					t.Error("the session hangs, want it reset")
				}
			}
			if evidence, err := l.Confirm(t.Context()); err != nil {
				t.Errorf("Confirm = %q, %v", evidence, err)
			}
			must(t, l.Clear(t.Context()))
			if kind == link.Refuse {
				if got.answer.Code == 0 {
					t.Errorf("the session ended with %+v, want an error", got)
				}
				return
			}
			cleared := time.Now()
			got = <-ended
			if got.err != nil || got.answer.Stdout != "one\ntwo\n" {
				t.Errorf("the session ended with %+v, want both answers", got)
			}
			t.Logf("the session went on %s after the cut was cleared", time.Since(cleared).Round(time.Millisecond))
		})
	}
}
