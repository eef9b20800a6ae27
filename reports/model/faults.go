package model

import (
	"drillbook/harness/measure"
	"drillbook/reports/words"
)

func (d drafter) faults() Section {
	s := Section{ID: "faults", Title: d.Say("faults"), Notes: d.lostAuxiliaries()}
	if len(d.res.Faults) == 0 {
		s.Lead = d.Say("faults.none")
		return s
	}
	s.Table = d.table(d.Say("fault"), d.Say("mechanism"), d.Say("injected"), d.Say("confirmed"), d.Say("evidence"),
		d.Say("healed")).figures(2, 3).marks(3)
	for _, f := range d.res.Faults[:s.Table.room(len(d.res.Faults), maxRows)] {
		mark := measure.Met
		injected, confirmed, evidence := "–", d.Say("fault.unconfirmed"), d.tell(f.ConfirmedBy)
		if f.Injected > 0 {
			injected = words.Moment(f.Injected)
		}
		if f.Confirmed != nil {
			confirmed = words.Moment(*f.Confirmed)
		} else {
			mark = measure.Unmeasurable
		}
		if f.Lapsed {
			confirmed, mark = confirmed+" · "+d.Say("fault.lapsed"), measure.Unmeasurable
		}
		if f.Err != "" {
			evidence = d.Say("error", "error", d.Detail(d.told(f.Err)))
		}
		s.Table.rate(mark, d.tell(f.What), d.tell(f.Mechanism), injected, confirmed, evidence, d.healing(f))
	}
	return s
}

func (d drafter) healing(f measure.Fault) string {
	switch {
	case f.Healed == nil:
		return d.Say("fault.unhealed")
	case f.HealedBy == "":
		return words.Moment(*f.Healed) + " · " + d.Say("fault.unconfirmed")
	}
	return words.Moment(*f.Healed) + " · " + d.tell(f.HealedBy)
}

// lostAuxiliaries are sentences about the auxiliary nodes that the drill has not ended
// itself: whatever it comes to, a reader must know of them.
func (d drafter) lostAuxiliaries() []string {
	var all []string
	for _, a := range d.res.Auxiliaries {
		from, state, lost := a.Lost()
		if !lost {
			continue
		}
		key := "auxiliary.lost"
		if a.Redundant {
			key = "auxiliary.redundant"
		}
		all = append(all, d.Say(key, "node", d.auxiliaryName(a.Auxiliary), "at", words.Moment(from),
			"state", d.state(state)))
	}
	return all
}
