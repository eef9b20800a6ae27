package model

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// maxVersions bounds the versions of what took part.
const maxVersions = 40

// place is where the members were.
func (d drafter) place(h record.Head) string {
	if h.Stays == "" {
		return h.Host
	}
	return d.Say("host.stays", "host", h.Host, "machines", h.Stays)
}

// about is where, with what and how the drill was carried out.
func (d drafter) about() Section {
	h := d.rec.Head
	s := Section{ID: "about", Title: d.Say("about")}
	add := func(key, value string) {
		if value != "" {
			s.Facts = append(s.Facts, d.fact(d.Say(key), quote(value), ""))
		}
	}
	add("product", d.system(d.rec)+" ("+h.Product+")")
	add("stand-in.name", d.told(h.StandIn))
	add("source", cmp.Or(h.Sources.In(d.Lang), h.Source))
	add("host", d.place(h))
	add("published.name", d.told(h.Published))
	add("machine", h.Machine)
	add("members", d.List(d.members()))
	add("auxiliaries", d.List(d.auxiliaryNames()))
	add("params", run.Params(h.Params))
	if h.Seed != 0 {
		add("seed", strconv.FormatInt(h.Seed, 10))
	}
	add("run", h.Run)
	add("harness", h.Harness)
	if h.Modified {
		add("revision", d.Say("revision.modified", "revision", h.Revision))
	} else {
		add("revision", h.Revision)
	}
	add("zone", h.Zone)
	for _, lang := range slices.Sorted(maps.Keys(h.Sums)) {
		s.Facts = append(s.Facts, d.fact(d.Say("runbook-sum", "lang", text.Name(lang)), quote(h.Sums[lang]), ""))
	}
	for _, r := range d.roles() {
		s.Facts = append(s.Facts, d.fact(d.Say("roles-of", "member", text.Name(r.member)),
			d.Say("roles-then", "before", r.before, "after", r.after), ""))
	}
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

// auxiliaryNames are the nodes besides the members, with what each is for.
func (d drafter) auxiliaryNames() []string {
	all := make([]string, 0, len(d.rec.Head.Auxiliaries))
	for _, a := range d.rec.Head.Auxiliaries {
		all = append(all, d.auxiliaryName(a))
	}
	return all
}

func (d drafter) auxiliaryName(a record.Auxiliary) string {
	return d.Say("member-of-kind", "member", text.Name(a.Name), "kind", text.Name(d.told(a.Duty)))
}
