package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/reports"
)

// ended is what results.json says of how a run ended.
type ended struct {
	Drills  []struct{ Runbook, Verdict string }
	Skipped []struct{ Runbook, Why string }
	Broken  []struct{ What, Runbook, Why string }
}

// The ways in which a run ends badly on this machine: what the terminal says,
// what is in each file, and the exit code, which reporting again repeats.
func TestRunsThatEndBadly(t *testing.T) {
	p := onlyLocal(t)
	for _, tt := range []struct {
		name    string
		args    []string
		spoil   func(t *testing.T, cache string)
		code    int
		said    string // on the terminal, and in every file
		drills  string // their verdicts
		skipped int
		broken  string // what
		begins  bool   // there are reports
	}{
		{
			name: "one of two is skipped", args: []string{"postgres/lost-primary", "postgres/network-cut"},
			code: exitEnvironment, said: "all members share the network of this machine", drills: "met", skipped: 1,
			begins: true,
		},
		{
			name: "all are skipped", args: []string{"postgres/network-cut"},
			code: exitEnvironment, said: "all members share the network of this machine", skipped: 1, begins: true,
		},
		{
			name: "the host cannot open, since faults cannot be written down", args: []string{"postgres/lost-primary"},
			spoil: func(t *testing.T, cache string) {
				t.Helper()
				must(t, os.MkdirAll(cache, 0o700))
				must(t, os.WriteFile(filepath.Join(cache, "faults"), nil, 0o600))
			},
			code: exitEnvironment, said: "make the folder of fault ledgers", broken: "not-begun", begins: true,
		},
		{
			name: "its folder cannot be made", args: []string{"postgres/lost-primary", "--out", "/dev/null/x"},
			code: exitEnvironment, said: "choose another with --out",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, cache := program{path: p.path, dir: t.TempDir()}, t.TempDir()
			if tt.spoil != nil {
				tt.spoil(t, filepath.Join(cache, "drillbook"))
			}
			args := append([]string{"run", "--host", "local", "--rate", "50"}, tt.args...)
			c := p.command(t, args...)
			c.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
			out, err := c.CombinedOutput()
			if code := exitCode(t, err); code != tt.code || !strings.Contains(string(out), tt.said) {
				t.Errorf("exit code = %d, want %d and %q\n%s", code, tt.code, tt.said, out)
			}
			if locks, _ := filepath.Glob(filepath.Join(cache, "drillbook", "local", "*")); len(locks) > 0 {
				t.Errorf("left behind: %v", locks)
			}
			if !tt.begins {
				return
			}
			got := endOf(t, p, tt.said)
			var verdicts, broken []string
			for _, d := range got.Drills {
				verdicts = append(verdicts, d.Verdict)
			}
			for _, b := range got.Broken {
				broken = append(broken, b.What)
			}
			if strings.Join(verdicts, " ") != tt.drills || len(got.Skipped) != tt.skipped ||
				strings.Join(broken, " ") != tt.broken {
				t.Errorf("results = %+v", got)
			}
			again, err := p.command(t, "report", "reports/out/latest").CombinedOutput()
			if code := exitCode(t, err); code != tt.code || !strings.Contains(string(again), tt.said) {
				t.Errorf("report = %d, want %d and %q\n%s", code, tt.code, tt.said, again)
			}
			rendered := endOf(t, p, tt.said)
			if len(rendered.Skipped) != tt.skipped || len(rendered.Broken) != len(broken) {
				t.Errorf("rendered again, results = %+v", rendered)
			}
		})
	}
}

// endOf is what the last run left, of which every file says something.
func endOf(t *testing.T, p program, said string) (e ended) {
	t.Helper()
	latest := filepath.Join(p.dir, "reports", "out", "latest")
	for _, name := range []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile, reports.JUnitFile} {
		text, err := os.ReadFile(filepath.Join(latest, name))
		if err != nil || !strings.Contains(string(text), said) {
			t.Errorf("%s does not say %q: %v", name, said, err)
		}
		if name == reports.ResultsFile {
			must(t, json.Unmarshal(text, &e))
		}
	}
	return e
}

// A host that cannot be removed is told on the terminal, in every file and by the
// exit code, and healed once it can be.
func TestHostThatStays(t *testing.T) {
	p := build(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	stubborn := "DOCKER_HOST=" + keeper(t)
	c := p.command(t, "run", "postgres/lost-primary", "--rate", "50")
	c.Env = append(os.Environ(), stubborn)
	out, err := c.CombinedOutput()
	const why = "it stays"
	if code := exitCode(t, err); code != exitEnvironment || !strings.Contains(string(out), "is left behind: ") {
		t.Errorf("exit code = %d, want %d and what is left behind\n%s", code, exitEnvironment, out)
	}
	e := endOf(t, p, why)
	if len(e.Drills) != 1 || len(e.Broken) != 1 || e.Broken[0].What != "left-behind" {
		t.Errorf("results = %+v, want a drill that has left something behind", e)
	}
	if left(t) == "" {
		t.Fatal("nothing is left, so there is nothing to test")
	}
	for _, tt := range []struct {
		env  string
		code int
		said string
		left bool
	}{
		{stubborn, exitEnvironment, why, true},
		{"DOCKER_HOST=unix:///nowhere/docker.sock", exitEnvironment, "drillbook heal --forget", true},
		{"DOCKER_HOST=" + os.Getenv("DOCKER_HOST"), 0, "it is dead; removed", false},
		{"DOCKER_HOST=" + os.Getenv("DOCKER_HOST"), 0, "", false},
	} {
		c := p.command(t, "heal")
		c.Env = append(os.Environ(), tt.env)
		out, err := c.CombinedOutput()
		if code := exitCode(t, err); code != tt.code || !strings.Contains(string(out), tt.said) {
			t.Errorf("with %s, heal = %d, want %d and %q\n%s", tt.env, code, tt.code, tt.said, out)
		}
		if l := left(t); (l != "") != tt.left {
			t.Errorf("after heal with %s is left: %q", tt.env, l)
		}
	}
}

// keeper is the address of an engine that removes nothing: this machine's own,
// behind a proxy that refuses to.
func keeper(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval = -1
	engine := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", "/var/run/docker.sock")
	}}
	proxy.Transport = engine
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			http.Error(w, `{"message":"it stays"}`, http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		must(t, server.Close())
		<-served
		engine.CloseIdleConnections()
	})
	return "unix://" + path
}
