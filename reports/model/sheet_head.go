package model

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// What a box of the head takes, in characters: the sheet has two pages.
const (
	maxBox  = 160
	maxWide = 320
	maxName = 40
)

// boxes are the fields over the verdict: what, where, when, who, and what for.
func (d sheetDrafter) boxes() []Box {
	c, h := d.cover, d.rec.Head
	until := h.Began.Add(d.res.Took)
	system := d.system(d.rec)
	if c.System != "" {
		system = d.Say("sheet.system-on", "system", quote(c.System), "product", system)
	}
	drilled := ""
	if !h.Began.IsZero() {
		drilled = d.Say("sheet.span", "from", h.Began.Format("2006-01-02 15:04:05"),
			"to", until.Format("15:04:05 (-07:00)"))
	}
	all := []struct {
		key, value string
		wide       bool
	}{
		{"sheet.organisation", c.Organisation, false},
		{"sheet.system", system, false},
		{"sheet.when", drilled, false},
		{"sheet.window", d.window(), false},
		{"sheet.runbook", d.runbook(), false},
		{"sheet.type", c.Type, false},
		{"sheet.basis", cmp.Or(c.Basis, h.Sources.In(d.Lang), h.Source), false},
		{"sheet.purpose", c.Purpose, false},
		{"sheet.place", c.Place, false},
		{"sheet.environment", c.Environment, false},
		{"sheet.production", c.Production, false},
		{"sheet.ticket", c.Ticket, false},
		{"sheet.objectives", d.objectives(), false},
		{"sheet.attachments", d.List(c.Attachments), false},
		{"sheet.people", d.people(), true},
		{"sheet.pressed", d.pressed(), true},
		{"sheet.members", strings.Join(d.memberLines(), d.Say("and-also")), true},
		{"sheet.ran-on", d.ranOn(), true},
	}
	boxes := make([]Box, 0, len(all))
	for _, b := range all {
		most := maxBox
		if b.wide {
			most = maxWide
		}
		value := text.Line(text.Short(b.value, most))
		if b.key == "sheet.pressed" { // lines of our own, each bounded
			value = b.value
		}
		boxes = append(boxes, Box{d.Say(b.key), value, strings.TrimPrefix(b.key, "sheet."), b.wide})
	}
	return boxes
}

func (d sheetDrafter) window() string {
	w := d.cover.Window
	if w.From == "" && w.To == "" {
		return ""
	}
	span := d.Say("sheet.span", "from", cmp.Or(text.Name(w.From), "…"), "to", cmp.Or(text.Name(w.To), "…"))
	if began := d.rec.Head.Began; !began.IsZero() {
		span += began.Format(" (-07:00)")
	}
	return span
}

func (d sheetDrafter) runbook() string {
	h := d.rec.Head
	title := d.called(cmp.Or(text.Name(h.Title.In(d.Lang)), text.Name(h.Runbook)))
	name := text.Name(h.Runbook)
	if p := text.Name(run.Params(h.Params)); p != "" {
		name += ", " + p
	}
	return title + d.Say("note", "note", name)
}

// objectives are those of the organisation beside what the runbook promises, or the
// latter alone.
func (d sheetDrafter) objectives() string {
	p, o := d.rec.Head.Promise, d.cover.Objectives
	if d.rec.Head.Began.IsZero() {
		return ""
	}
	promise := d.Say("figure.no-promise")
	if !p.NoRTO || !p.NoRPO {
		promise = d.Say("sheet.promise", "rto", d.rto(p), "rpo", d.promisedLoss(p))
	}
	if d.cover.RTO() == 0 && o.RPO == nil {
		return promise
	}
	if rto := d.cover.RTO(); rto > 0 {
		p.RTO, p.NoRTO = rto, false
	}
	if o.RPO != nil {
		p.RPO, p.NoRPO = *o.RPO, false
	}
	own := d.Say("sheet.promise", "rto", d.rto(p), "rpo", d.promisedLoss(p))
	if own == promise {
		return promise
	}
	return d.Say("sheet.objectives-own", "own", own, "promise", promise)
}

// promisedLoss is how many writes may be lost by a promise; a dash if it says nothing of it.
func (d sheetDrafter) promisedLoss(p record.Promise) string {
	if p.NoRPO {
		return "–"
	}
	return d.mayBeLost(p.RPO)
}

// mayBeLost is how many writes may be lost.
func (d sheetDrafter) mayBeLost(n int) string {
	if n == 0 {
		return "= 0"
	}
	return d.Say("sheet.at-most-lost", "count", count(n))
}

func (d sheetDrafter) people() string {
	said := make([]string, 0, len(d.cover.People))
	for _, p := range d.cover.People {
		said = append(said, d.person(text.Name(p.Name), text.Name(p.Role)))
	}
	return strings.Join(said, d.Say("comma"))
}

// maxPressed is how many consents the sheet names.
const maxPressed = 6

// pressed says who has carried the drill out, and in lines who consented to which step,
// when, and after what wait; "" if the record does not know.
func (d sheetDrafter) pressed() string {
	var lines []string
	if by := d.rec.Head.Operator; by != "" {
		lines = append(lines, d.Say("sheet.started", "who", text.Short(text.Name(by), maxName)))
	}
	all := d.res.Consents
	for _, c := range all[:min(len(all), maxPressed)] {
		answer := d.tell(c.Answer)
		if c.Err != "" && c.Answer == "" {
			answer = d.Say("unknown")
		}
		lines = append(lines, d.Say("sheet.consent", "step", number(c.Step),
			"who", text.Short(d.drafter.person(c), maxName), "answer", answer,
			"at", d.rec.Head.Began.Add(c.Answered).Format(time.TimeOnly), "waited", d.Duration(c.Answered-c.Asked)))
	}
	if more := len(all) - maxPressed; more > 0 {
		lines = append(lines, d.Say("sheet.more", "count", count(more)))
	}
	return strings.Join(lines, "\n")
}

func (d sheetDrafter) person(name, role string) string {
	if role == "" {
		return name
	}
	return d.Say("sheet.person", "name", name, "role", role)
}

// ranOn is the machine, the product's own part of which stands beside the system.
func (d sheetDrafter) ranOn() string {
	h := d.rec.Head
	if h.Host == "" && h.Machine == "" {
		return ""
	}
	return d.Say("sheet.machine", "host", text.Name(h.Host), "machine", text.Name(h.Machine),
		"harness", text.Name(h.Harness))
}

// memberLines say of each member how people call it, and what role it had before the
// first step and after the last.
func (d sheetDrafter) memberLines() []string {
	lines := make([]string, 0, len(d.rec.Head.Members))
	for _, m := range d.rec.Head.Members {
		roles := d.Say("sheet.member-unseen")
		i := slices.IndexFunc(d.res.Lanes, func(l measure.Lane) bool { return l.Member == m })
		if i >= 0 && len(d.res.Lanes[i].Roles) > 0 {
			first, last := d.ends(d.res.Lanes[i])
			roles = d.Say("sheet.roles", "first", d.roleName(m, first), "last", d.roleName(m, last))
		}
		pairs := []string{"member", text.Name(m), "roles", roles}
		if name := d.cover.Members[m]; name != "" {
			lines = append(lines, d.Say("sheet.member", append(pairs, "name", text.Name(name))...))
		} else {
			lines = append(lines, d.Say("sheet.member-plain", pairs...))
		}
	}
	return lines
}

// ends are the roles that a member had when the first step began and when the drill ended.
func (d sheetDrafter) ends(l measure.Lane) (first, last string) {
	began := l.Roles[0].From
	for _, s := range d.res.Steps {
		if s.Outcome != measure.Skipped {
			began = max(began, s.From)
			break
		}
	}
	for _, r := range l.Roles {
		if r.From <= began {
			first = r.Role
		}
		last = r.Role
	}
	return first, last
}

// roleName is a role; of a standby with its kind.
func (d sheetDrafter) roleName(member, role string) string {
	key := "role." + cmp.Or(role, "none")
	if !d.Has(key) {
		return text.Name(role)
	}
	name := d.Say(key)
	if kind := d.kind(member); kind != "" && role == "standby" {
		return d.Say("sheet.role-of-kind", "kind", kind, "role", name)
	}
	return name
}
