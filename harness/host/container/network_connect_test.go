package container

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/client"

	"drillbook/harness/host"
)

// scripted is an engine with one container on two networks. It refuses as many
// kills as it is told to.
type scripted struct {
	mu       sync.Mutex // guards all below
	running  bool
	plugged  map[string]string // addresses, by network
	failures int
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1.41/"), "/")
	what, verb := words[1], words[len(words)-1]
	switch {
	case verb == "json":
		networks := map[string]any{}
		for name, at := range s.plugged {
			networks[name] = map[string]any{"IPAddress": at, "IPAMConfig": map[string]any{"IPv4Address": at}}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"Id": "c", "State": map[string]any{"Running": s.running}, "Config": map[string]any{},
			"NetworkSettings": map[string]any{"Networks": networks},
		})
		return
	case verb == "disconnect":
		delete(s.plugged, what)
	case verb == "connect":
		var wish struct {
			EndpointConfig struct{ IPAMConfig struct{ IPv4Address string } }
		}
		_ = json.NewDecoder(r.Body).Decode(&wish)
		s.plugged[what] = wish.EndpointConfig.IPAMConfig.IPv4Address
	case verb == "kill" && s.failures > 0:
		s.failures--
		http.Error(w, `{"message":"the engine is busy"}`, http.StatusInternalServerError)
		return
	case verb == "kill", verb == "start":
		s.running = verb == "start"
	}
	w.WriteHeader(http.StatusNoContent)
}

// A kill that fails once the networks are gone leaves a node that is said to run
// off them; whatever is tried again, Start gives both back.
func TestPartialKill(t *testing.T) {
	for _, tt := range []struct {
		name            string
		failures, kills int
		after           host.State
	}{
		{"it fails", 1, 1, host.Severed},
		{"it fails twice", 2, 2, host.Severed},
		{"it fails, then succeeds", 1, 2, host.Ended},
		{"it succeeds", 0, 1, host.Ended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{
				running: true, plugged: map[string]string{"pub": "198.19.0.10", "priv": "198.19.1.10"},
				failures: tt.failures,
			}
			served := httptest.NewServer(s)
			defer served.Close()
			cli, err := client.NewClientWithOpts(
				client.WithHost("tcp://"+served.Listener.Addr().String()), client.WithVersion("1.41"))
			if err != nil {
				t.Fatal(err)
			}
			n := &node{
				name: "a", id: "c",
				host: &Host{
					engine: &engine{cli: cli}, direct: true,
					networks: map[host.Network]subnet{
						host.Public: {id: "pub", name: "pub"}, host.Private: {id: "priv", name: "priv"},
					},
				},
				ips: map[host.Network]netip.Addr{
					host.Public: netip.MustParseAddr("198.19.0.10"), host.Private: netip.MustParseAddr("198.19.1.10"),
				},
			}
			for i := range tt.kills {
				if err := n.Kill(t.Context()); (err != nil) != (i < tt.failures) {
					t.Fatalf("kill %d: %v", i+1, err)
				}
			}
			if got, err := n.State(t.Context()); got != tt.after {
				t.Errorf("after the kill it is %s, %v, want %s", got, err, tt.after)
			}
			if err := n.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := n.State(t.Context()); got != host.Running {
				t.Errorf("started, it is %s, %v, want %s", got, err, host.Running)
			}
			if s.plugged["pub"] != "198.19.0.10" || s.plugged["priv"] != "198.19.1.10" {
				t.Errorf("started, it is on %v, want both networks", s.plugged)
			}
		})
	}
}
