package toxi

import (
	"slices"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

// toxic is one thing that Toxiproxy does to one direction of a link.
type toxic struct {
	kind   string // as Toxiproxy calls it
	stream string // "upstream" goes to the far end, "downstream" comes from it
	values map[string]int64
}

func (t toxic) name() string { return t.kind + "_" + t.stream }

func (t toxic) attributes() toxiproxy.Attributes {
	a := toxiproxy.Attributes{}
	for k, v := range t.values {
		a[k] = v
	}
	return a
}

// toxicsOf is what makes a condition: the same toxic in both directions, or
// none for a refusal, which is made by not listening.
func toxicsOf(c link.Condition) ([]toxic, error) {
	switch c.Kind {
	case link.Refuse:
		return nil, nil
	case link.Latency:
		if c.Delay < 0 || c.Jitter < 0 || c.Delay+c.Jitter < time.Millisecond {
			return nil, phrase.Errorf("its delay and jitter must be at least a millisecond together")
		}
		values := map[string]int64{"latency": c.Delay.Milliseconds(), "jitter": c.Jitter.Milliseconds()}
		return both("latency", values), nil
	case link.Bandwidth:
		if c.Rate < 1 { // for Toxiproxy 0 is an endless loop
			return nil, phrase.Errorf("its rate must be at least 1 kB/s")
		}
		return both("bandwidth", map[string]int64{"rate": c.Rate}), nil
	case link.HalfOpen:
		return both("timeout", map[string]int64{"timeout": 0}), nil
	case link.Reset:
		return both("reset_peer", map[string]int64{"timeout": c.Delay.Milliseconds()}), nil
	case link.SlowClose:
		return both("slow_close", map[string]int64{"delay": c.Delay.Milliseconds()}), nil
	case link.Drop:
	}
	return nil, link.ErrUnsupported
}

func both(kind string, values map[string]int64) []toxic {
	return []toxic{{kind, "upstream", values}, {kind, "downstream", values}}
}

// sameToxics returns nil if the server has exactly the wanted toxics.
func sameToxics(seen toxiproxy.Toxics, want []toxic) error {
	for _, t := range seen {
		if !slices.ContainsFunc(want, func(w toxic) bool { return w.name() == t.Name && w.is(t) }) {
			return phrase.Errorf("toxiproxy says that the link has %s %v", t.Name, t.Attributes)
		}
	}
	if len(seen) != len(want) {
		return phrase.Errorf("toxiproxy says that the link has %d toxics, not %d", len(seen), len(want))
	}
	return nil
}

// is reports whether the server's toxic is this one.
func (t toxic) is(seen toxiproxy.Toxic) bool {
	for k, v := range t.values {
		if n, ok := seen.Attributes[k].(float64); !ok || int64(n) != v {
			return false
		}
	}
	return seen.Type == t.kind && seen.Stream == t.stream && seen.Toxicity == 1
}
