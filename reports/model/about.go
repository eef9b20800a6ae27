package model

import (
	"maps"
	"slices"
	"strconv"

	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// maxVersions bounds the versions of what took part.
const maxVersions = 40

// about is where, with what and how the drill was carried out.
func (d drafter) about() Section {
	h := d.rec.Head
	s := Section{ID: "about", Title: d.Say("about")}
	add := func(key, value string) {
		if value != "" {
			s.Facts = append(s.Facts, d.fact(d.Say(key), quote(value), ""))
		}
	}
	add("product", h.System+" ("+h.Product+")")
	add("stand-in.name", h.StandIn)
	add("source", h.Source)
	add("host", h.Host)
	add("published.name", h.Published)
	add("machine", h.Machine)
	add("members", d.List(d.members()))
	add("auxiliaries", d.List(auxiliaries(h)))
	add("params", run.Params(h.Params))
	if h.Seed != 0 {
		add("seed", strconv.FormatInt(h.Seed, 10))
	}
	add("run", h.Run)
	add("harness", h.Harness)
	if d.res.Ready > 0 {
		add("ready", d.Duration(d.res.Ready))
	}
	add("rules", d.Say("rules.text", "settle", d.Duration(h.Settings.Settle),
		"baseline", d.Duration(h.Settings.Baseline)))
	if d.rec.Tail != nil {
		names := slices.Sorted(maps.Keys(d.rec.Tail.Versions))
		for _, n := range names[:min(len(names), maxVersions)] {
			name := d.Say("version", "of", text.Name(n))
			s.Facts = append(s.Facts, d.fact(name, quote(d.rec.Tail.Versions[n]), ""))
		}
		if more := d.leftOut(len(names) - maxVersions); more != "" {
			s.Notes = append(s.Notes, more)
		}
	}
	return s
}

// members are their names, with what each is there for.
func (d drafter) members() []string {
	all := make([]string, 0, len(d.rec.Head.Members))
	for _, m := range d.rec.Head.Members {
		if kind := d.kind(m); kind != "" {
			m = d.Say("member-of-kind", "member", m, "kind", kind)
		}
		all = append(all, m)
	}
	return all
}

// kind says what a member is there for; "" if the record does not.
func (d drafter) kind(member string) string {
	kind := d.rec.Head.Kinds[member]
	if key := "member-kind." + kind; d.Has(key) {
		return d.Say(key)
	}
	return text.Name(kind)
}

// auxiliaries are the nodes besides the members, with what each is for.
func auxiliaries(h record.Head) []string {
	all := make([]string, 0, len(h.Auxiliaries))
	for _, a := range h.Auxiliaries {
		all = append(all, a.Name+" ("+a.Duty+")")
	}
	return all
}
