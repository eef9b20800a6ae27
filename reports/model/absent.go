package model

import (
	"cmp"

	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// skipped is the table of what was skipped.
func (w writer) skipped(all []run.Skipped) Section {
	if len(all) == 0 {
		return Section{}
	}
	t := w.table(w.Say("runbook"), w.Say("product"), w.Say("host"), w.Say("skipped.why"))
	for _, s := range all[:t.room(len(all), maxOverview)] {
		t.add(named(s.Runbook, s.Params), text.Name(s.Product), text.Name(s.Host), text.Name(s.Why))
	}
	return Section{ID: "skipped", Title: w.Say("skipped"), Lead: w.Say("skipped.lead"), Table: t}
}

// broken is the table of what went wrong outside of the records.
func (w writer) broken(all []run.Broken) Section {
	if len(all) == 0 {
		return Section{}
	}
	t := w.table(w.Say("runbook"), w.Say("product"), w.Say("host"), w.Say("broken.what"), w.Say("broken.why"))
	for _, b := range all[:t.room(len(all), maxOverview)] {
		t.add(named(b.Runbook, b.Params), cmp.Or(text.Name(b.Product), "-"), cmp.Or(text.Name(b.Host), "-"),
			w.Say("breakage."+string(b.What)), text.Name(b.Why))
	}
	return Section{ID: "broken", Title: w.Say("broken"), Lead: w.Say("broken.lead"), Table: t}
}

// absent is what the records do not tell, for machines.
func absent(r run.Run) []Absent {
	all := make([]Absent, 0, len(r.Skipped)+len(r.Broken))
	for _, s := range r.Skipped {
		h := record.Head{Runbook: s.Runbook, Product: s.Product, Host: s.Host, Params: s.Params, Began: s.Found}
		all = append(all, Absent{Why: text.Clean(s.Why), Origin: absentOrigin(h)})
	}
	for _, b := range r.Broken {
		h := record.Head{Runbook: b.Runbook, Product: b.Product, Host: b.Host, Params: b.Params, Began: b.Found}
		all = append(all, Absent{
			Breakage: text.Name(string(b.What)), LeftBehind: b.What == run.LeftBehind, Why: text.Clean(b.Why),
			Origin: absentOrigin(h),
		})
	}
	return all
}

func absentOrigin(h record.Head) Origin {
	o := newOrigin(h, text.Name(h.Runbook))
	o.Properties = properties([]Property{
		{"runbook", h.Runbook}, {"product", h.Product}, {"host", h.Host},
	}, h.Params, nil)
	return o
}
