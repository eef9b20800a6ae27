package reports_test

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// nine is a takeover in a cluster of nine members, of all kinds, with three auxiliary
// nodes: the most that there may be. A standby is behind, and need not have caught up;
// whose names are long differ only at their ends.
func nine() *record.Record {
	f := quick(9)
	w := newWorld(9, f.end)
	h := &w.rec.Head
	h.Schema, h.Seed = record.Schema, 0
	w.from("“Configuring synchronous mirror servers”, section 10", "《同步镜像服务器的配置》第 10 节")
	h.Runbook, h.Title = "iris/lost-primary", text("The primary of nine is lost", "九成员集群的主库丢失")
	h.Product, h.System = "iris", "InterSystems IRIS"
	h.Promise.RPO = 10
	h.Members = []string{
		"his-east-1", "his-east-2", "his-east-3", "his-reporting-replica-1", "his-reporting-replica-2",
		"灾备中心一号备库节点", "dr-south", "witness-1", "witness-2",
	}
	h.Kinds = map[string]string{
		"his-east-2": "synchronous", "his-east-3": "synchronous", "his-reporting-replica-1": "asynchronous",
		"his-reporting-replica-2": "asynchronous", "灾备中心一号备库节点": "disaster-recovery", "dr-south": "disaster-recovery",
		"witness-1": "witness", "witness-2": "witness",
	}
	h.Auxiliaries = []record.Auxiliary{
		{Name: "arbiter", Duty: w.say("arbiter"), Redundant: true},
		{Name: "web-gateway", Duty: w.say("clients’ host")},
		{Name: "configuration-store-1", Duty: w.say("monitor"), Redundant: true},
	}
	h.Streams = h.Streams[:direct1]
	holders := h.Members[:7]
	for _, m := range holders {
		h.Streams = append(h.Streams, record.Stream{
			Name: "direct-" + m, Kind: record.Write, Member: m, Interval: 100 * ms, Connect: 100 * ms, Reply: 250 * ms,
			Sessions: 5,
		})
	}
	w.tellNine(f)
	w.run()
	w.readBackNine(holders)
	return &w.rec
}

// tellNine says what happens: the first member is lost, the second one takes over, and
// all others follow it.
func (w *world) tellNine(f failover) {
	of := f.world()
	w.client = of.client
	w.direct = func(member uint8, t time.Duration) reply {
		if member > 2 {
			return readOnly()
		}
		return of.direct(member, t)
	}
	members := w.rec.Head.Members
	w.rec.Events = slices.DeleteFunc(w.rec.Events, func(e record.Event) bool { return e.Kind == record.Role })
	w.role(50*ms, members[0], "primary")
	for i, m := range members[1:7] {
		w.role(time.Duration(52+i)*ms, m, "standby")
	}
	w.role(70*ms, members[7], "voter")
	w.role(71*ms, members[8], "voter")
	w.role(f.fault+40*ms, members[0], "")
	w.role(f.up+15*ms, members[1], "primary")
	w.role(f.rejoined+100*ms, members[0], "standby")
	w.role(8*sec, members[6], "")
	w.role(10*sec, members[6], "standby")
	w.fault("the host of his-east-1 is lost", "docker kill", f.fault, f.fault+12*ms, f.rejoined-sec)
	w.event(record.Event{At: f.decided, Kind: record.Decided, Member: members[1], Step: 2})
	w.event(record.Event{At: 9 * sec, Kind: record.State, Member: "configuration-store-1", What: "ended"})
	w.step(record.Step{
		Title: text("The primary’s host is lost", "主库主机宕机（失联）"), Allowed: &f.allowed, Planned: new(time.Minute),
	}, f.fault-100*ms, f.decided-50*ms)
	w.step(record.Step{Title: text("Promote his-east-2", "提升 his-east-2")}, f.decided-10*ms, f.up+100*ms)
	w.step(record.Step{Title: text("Rejoin his-east-1", "his-east-1 重新加入")}, f.served+2*sec, f.end-500*ms)
	for n, m := range members[1:7] {
		for t := time.Duration(0); t < f.end; t += 250 * ms {
			behind := int64(t/ms) % 700 * int64(10+200*n)
			w.event(record.Event{At: t, Kind: record.Lag, Member: m, Bytes: behind})
		}
	}
}

// readBackNine is what those who hold data hold at the end: one for disaster recovery is
// behind by the last writes.
func (w *world) readBackNine(holders []string) {
	w.readBack(holders[1])
	w.rec.Copies = w.rec.Copies[:len(holders)]
	c := &w.rec.Copies[6]
	c.Tokens = slices.Clone(c.Tokens[:len(c.Tokens)-120])
	c.Synced, c.Follows = false, true
}
