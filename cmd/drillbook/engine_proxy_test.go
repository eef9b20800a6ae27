package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// passage is an engine as one run sees it: this machine's own, of which it shows
// only what was made with one cache folder, and which can break.
type passage struct {
	net.Listener

	address string
	mu      sync.Mutex // guards open
	open    []net.Conn
}

// engine makes a passage. refuse, if set, is asked of every request whether the
// engine answers it with an error, and may cut the passage. It ends with the test.
func engine(t *testing.T, cache string, refuse func(*passage, *http.Request) bool) *passage {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine") //nolint:usetesting // the names of sockets must be short
	must(t, err)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	must(t, err)
	p := &passage{Listener: l, address: "unix://" + filepath.Join(dir, "s")}
	own := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", strings.TrimPrefix(ownEngine, "unix://"))
	}}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval, proxy.Transport = -1, own
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy.ModifyResponse = func(r *http.Response) error { return onlyOf(cache, r) }
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse != nil && refuse(p, r) {
			http.Error(w, `{"message":"it stays"}`, http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(p) }()
	t.Cleanup(func() {
		p.cut()
		_ = server.Close() // whose listener is closed already
		<-served
		own.CloseIdleConnections()
		must(t, os.RemoveAll(dir))
	})
	return p
}

// keeps is an engine that removes nothing.
func keeps(_ *passage, r *http.Request) bool { return r.Method == http.MethodDelete }

// goes is an engine that ends when it is first told to remove something.
func goes(p *passage, r *http.Request) bool {
	if r.Method == http.MethodDelete {
		p.cut()
	}
	return false
}

// Accept remembers the connection, to cut it also when it is no HTTP any more.
func (p *passage) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, c)
	return c, nil
}

// cut ends the passage and all that passes through it.
func (p *passage) cut() {
	_ = p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
}

// onlyOf leaves out of a list of the engine's what other runs have made.
func onlyOf(cache string, r *http.Response) error {
	_, what, _ := strings.Cut(strings.TrimPrefix(r.Request.URL.Path, "/"), "/") // after the version
	lists := []string{"containers/json", "networks", "volumes"}
	if r.Request.Method != http.MethodGet || !slices.Contains(lists, what) {
		return nil
	}
	var answer any
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		return err
	}
	others := func(thing any) bool {
		labels, _ := thing.(map[string]any)["Labels"].(map[string]any)
		at, ofRun := labels[lockLabel].(string)
		return ofRun && !strings.HasPrefix(at, cache+"/")
	}
	switch list := answer.(type) {
	case []any:
		answer = slices.DeleteFunc(list, others)
	case map[string]any: // of volumes
		if volumes, ok := list["Volumes"].([]any); ok {
			list["Volumes"] = slices.DeleteFunc(volumes, others)
		}
	}
	text, err := json.Marshal(answer)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return err
}

// lockLabel is the label by which what was made with a cache folder is known.
const lockLabel = "drillbook.lock"
