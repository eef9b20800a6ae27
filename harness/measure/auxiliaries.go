package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// Auxiliary is how a node that the cluster needs besides its members fared.
type Auxiliary struct {
	record.Auxiliary

	States []StateSpan // nothing between two of them is left out
}

// StateSpan is a time in which the place said the same of a node.
type StateSpan struct {
	Span

	State string // "running" or another
	Fault string // the drill's own, to which that is due
}

const running = "running"

// auxiliaries are those of the head, running until the place says otherwise.
func (v *view) auxiliaries() []Auxiliary {
	all := make([]Auxiliary, 0, len(v.rec.Head.Auxiliaries))
	for _, known := range v.rec.Head.Auxiliaries {
		a := Auxiliary{known, []StateSpan{{Span: Span{From: v.ready(), To: v.end}, State: running}}}
		for _, e := range v.rec.Events {
			if e.Kind != record.State || e.Member != known.Name {
				continue
			}
			a.States[len(a.States)-1].To = e.At
			a.States = append(a.States, StateSpan{Span{From: e.At, To: v.end}, e.What, e.Fault})
		}
		all = append(all, a)
	}
	return all
}

// Lost is when the node was first seen not to run without the drill having done
// that.
func (a Auxiliary) Lost() (from time.Duration, state string, lost bool) {
	i := slices.IndexFunc(a.States, func(s StateSpan) bool { return s.State != running && s.Fault == "" })
	if i < 0 {
		return 0, "", false
	}
	return a.States[i].From, a.States[i].State, true
}
