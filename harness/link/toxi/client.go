package toxi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"drillbook/harness/phrase"
)

// askWithin is how long Toxiproxy may take to answer.
const askWithin = 30 * time.Second

// client speaks to the API of one Toxiproxy, directly: Toxiproxy's own client
// would ask the web proxy that the environment names, which knows no relay.
type client struct {
	at   string // "http://10.0.0.2:8474"
	http *http.Client
}

// newClient leaves the Proxy of its transport out on purpose, and keeps no
// connection open that somebody would have to close.
func newClient(addr string) client {
	direct := &http.Transport{DisableKeepAlives: true}
	return client{"http://" + addr, &http.Client{Transport: direct, Timeout: askWithin}}
}

// create makes a proxy and returns it as it is, with the port that it got.
func (c client) create(ctx context.Context, p toxiproxy.Proxy) (made toxiproxy.Proxy, err error) {
	return made, c.ask(ctx, http.MethodPost, "/proxies", p, &made)
}

func (c client) proxy(ctx context.Context, name string) (seen toxiproxy.Proxy, err error) {
	return seen, c.ask(ctx, http.MethodGet, "/proxies/"+name, nil, &seen)
}

// enable says whether a proxy listens. One that does not has no connections.
func (c client) enable(ctx context.Context, name string, enabled bool) error {
	change := map[string]bool{"enabled": enabled}
	return c.ask(ctx, http.MethodPost, "/proxies/"+name, change, nil)
}

func (c client) remove(ctx context.Context, name string) error {
	return c.ask(ctx, http.MethodDelete, "/proxies/"+name, nil, nil)
}

func (c client) add(ctx context.Context, name string, t toxic) error {
	added := toxiproxy.Toxic{Name: t.name(), Type: t.kind, Stream: t.stream, Toxicity: 1, Attributes: t.attributes()}
	return c.ask(ctx, http.MethodPost, "/proxies/"+name+"/toxics", added, nil)
}

func (c client) take(ctx context.Context, name, toxic string) error {
	return c.ask(ctx, http.MethodDelete, "/proxies/"+name+"/toxics/"+toxic, nil, nil)
}

// ask sends body, unless that is nil, and reads the answer into result, unless
// that is.
func (c client) ask(ctx context.Context, method, path string, body, result any) error {
	if err := c.send(ctx, method, path, body, result); err != nil {
		return phrase.Errorf("ask toxiproxy: %w", err)
	}
	return nil
}

func (c client) send(ctx context.Context, method, path string, body, result any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.at+path, sent)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it has been read
	switch {
	case err != nil:
		return err
	case resp.StatusCode/100 != 2: //nolint:mnd // 2xx is success
		return phrase.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer, result)
}
