package reports_test

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
	"drillbook/reports"
)

// failover is how a lost primary goes.
type failover struct {
	seed                       uint64
	fault, decided, up, served time.Duration
	rejoined, end              time.Duration
	allowed                    time.Duration
	split                      bool // three of four reads go to the standby, while there is one
}

// quick is a failover with an outage of 430 ms.
func quick(seed uint64) failover {
	return failover{
		seed: seed, fault: 6 * sec, decided: 6150 * ms, up: 6300 * ms, served: 6430 * ms,
		rejoined: 12 * sec, end: 16 * sec, allowed: 30 * sec,
	}
}

// world is a pair whose first member is lost and whose second one takes over.
func (f failover) world() *world {
	w := newWorld(f.seed, f.end)
	w.client = func(t time.Duration) reply {
		switch {
		case t < f.fault-ms:
			return acked(1, 1)
		case t < f.fault+2*ms:
			return reply{outcome: record.Unknown, took: 2 * ms, cause: "read tcp 10.0.0.9: connection reset by peer"}
		case t < f.served:
			return refused("dial tcp 10.0.0.2:5432: connect: connection refused")
		default:
			return acked(2, 2)
		}
	}
	w.direct = func(member uint8, t time.Duration) reply {
		switch {
		case member == 1 && t < f.fault:
			return acked(1, 1)
		case member == 1 && t < f.rejoined:
			return refused("dial tcp 10.0.0.2:5432: connect: connection refused")
		case member == 2 && t >= f.up:
			return acked(2, 2)
		default:
			return readOnly()
		}
	}
	if f.split {
		w.answers = func(seq uint32, t time.Duration) uint8 {
			primary, standby := uint8(1), uint8(2)
			if t >= f.served {
				primary, standby = standby, primary
			}
			if seq%4 == 0 || t >= f.fault && t < f.rejoined {
				return primary
			}
			return standby
		}
	}
	w.role(f.fault+40*ms, "pg1", "")
	w.role(f.up+15*ms, "pg2", "primary")
	w.role(f.rejoined+100*ms, "pg1", "standby")
	w.fault("kill the host of pg1", "docker kill --signal=KILL pg1", f.fault, f.fault+12*ms, f.rejoined-sec)
	w.event(record.Event{At: f.decided, Kind: record.Decided, Member: "pg2", Step: 3})
	w.story(f)
	return w
}

func (f failover) run() *record.Record {
	w := f.world()
	w.rec.Head.Settings.Bound = 40 * ms
	for _, how := range []string{"reset", "hang", "blackhole"} {
		w.event(record.Event{Kind: record.Calibrated, What: how, Took: 120 * ms, Least: 117 * ms, Most: 124 * ms})
	}
	w.run()
	w.readBack("pg2")
	return &w.rec
}

// story adds the steps, commands and findings.
func (w *world) story(f failover) {
	w.step(record.Step{
		Title:   text("Confirm that the standby has caught up", "确认备库已追平"),
		Comment: text("Lag on pg1 must be 0 bytes.", "在 pg1 上查看，延迟应为 0 字节。"),
		Planned: new(2 * time.Minute), Allowed: new(0 * sec),
	}, 1*sec, 3*sec)
	w.event(record.Event{
		At: 2 * sec, Kind: record.Command, Step: 1, Member: "pg1", Took: 31 * ms,
		What:   `psql -Atc "select state, pg_wal_lsn_diff(sent_lsn, replay_lsn) from pg_stat_replication"`,
		Answer: "streaming|0\n",
	})
	w.event(record.Event{
		At: 2100 * ms, Kind: record.Finding, Step: 1, Member: "pg1", What: "bytes the standby is behind", Answer: "0",
	})
	w.step(record.Step{
		Title: text("The primary’s host is lost", "主库主机宕机（失联）"), Allowed: &f.allowed,
	}, f.fault-100*ms, f.decided-50*ms)
	w.step(record.Step{
		Title: text("Promote the standby", "将备库提升为主库"),
		Comment: text(
			"On pg2: pg_ctl promote. Then check pg_is_in_recovery().",
			"在 pg2 上执行 pg_ctl promote，再检查 pg_is_in_recovery()。"),
		Planned: new(time.Minute),
	}, f.decided-10*ms, f.up+100*ms)
	w.event(record.Event{
		At: f.up + 20*ms, Kind: record.Command, Step: 3, Member: "pg2", Took: f.up - f.decided,
		What:   "pg_ctl promote -D /var/lib/postgresql/17/main -w",
		Answer: "waiting for server to promote.... done\nserver promoted\n",
	})
	w.step(record.Step{
		Title: text("Point clients at the new primary", "将客户端指向新主库"), Planned: new(30 * sec),
	}, f.up+110*ms, f.served+200*ms)
	w.step(record.Step{
		Title:   text("Rejoin the old primary as a standby", "原主库以备库身份重新加入"),
		Comment: text("pg_rewind, then start.", "先 pg_rewind，再启动。"), Planned: new(15 * time.Minute),
	}, f.served+2*sec, f.end-500*ms)
	w.event(record.Event{
		At: f.rejoined, Kind: record.Command, Step: 5, Member: "pg1", Took: 1400 * ms,
		What: "pg_rewind -D /var/lib/postgresql/17/main --source-server='host=pg2 user=postgres'",
		Answer: "pg_rewind: servers diverged at WAL location 0/3041B70 on timeline 1\n" +
			"pg_rewind: rewinding from last common checkpoint at 0/2000098 on timeline 1\npg_rewind: Done!\n",
	})
	w.event(record.Event{
		At: f.end - 600*ms, Kind: record.Finding, Step: 5, Member: "pg1", What: "pg_is_in_recovery()", Answer: "t",
	})
	w.lag(0, f.fault, func(t time.Duration) int64 { return int64(t/ms) % 700 * 90 })
	w.lag(f.rejoined, f.end, func(t time.Duration) int64 { return int64(f.end-t) / 1000 })
}

// cases are the runs that the golden files are of.
func cases() map[string]reports.Run {
	return map[string]reports.Run{
		"met":          run(quick(1).run()),
		"missed":       run(missed()),
		"unmeasurable": run(unmeasurable()),
		"cut":          run(cut()),
		"split":        run(split()),
		"saved":        run(saved()),
		"trials":       run(trials()...),
		"automatic":    run(automatic()),
		"nine":         run(nine()),
		"watched":      run(watched()),
		"looked-at":    run(lookedAt()),
		"form":         run(filledIn(), brokenOff()),
	}
}

// automatic is a failover that the cluster makes by itself. Reads are separated from
// writes.
func automatic() *record.Record {
	f := quick(5)
	f.split = true
	rec := f.run()
	rec.Events = slices.DeleteFunc(rec.Events, func(e record.Event) bool { return e.Kind == record.Decided })
	for i := range rec.Events {
		if e := &rec.Events[i]; e.Kind == record.Ended && e.Step == 3 { // of promoting
			e.Answer = "the standby was promoted by its manager"
		}
	}
	return rec
}

// missed is a failover without a standby that had caught up: an outage of
// 8 s where 5 are promised, and the writes of the last 405 ms lost.
func missed() *record.Record {
	f := failover{
		seed: 2, fault: 5 * sec, decided: 11 * sec, up: 12300 * ms, served: 13050 * ms,
		rejoined: 17 * sec, end: 21 * sec, allowed: 5 * sec,
	}
	w := f.world()
	w.rec.Head.Promise.RTO = 5 * sec
	w.lost = func(a record.Attempt) bool {
		return a.Member == 1 && a.Done > f.fault-405*ms && a.Done < f.fault+sec
	}
	w.rec.Head.StandIn = "drillbook’s own stand-in, which keeps data in files"
	w.event(record.Event{
		At: 12500 * ms, Kind: record.Finding, Step: 3, Member: "pg2",
		What: "pg_is_in_recovery()", Answer: "t", Err: "want f",
	})
	w.run()
	w.readBack("pg2")
	return &w.rec
}

// unmeasurable is a drill whose fault never took hold.
func unmeasurable() *record.Record {
	w := newWorld(3, 9*sec)
	w.fault("cut the private link pg1 → pg2", "nftables drop in the network namespace of pg1", 4*sec, 0, 6*sec)
	w.event(record.Event{At: 4500 * ms, Kind: record.Stall, Took: 90 * ms})
	w.step(record.Step{
		Title: text("Cut the replication link", "切断复制链路"), Allowed: new(sec), Planned: new(time.Minute),
	}, 3900*ms, 6500*ms)
	w.step(record.Step{
		Title: text("Watch the standby catch up again", "观察备库重新追平"), Planned: new(5 * time.Minute),
	}, 6600*ms, 8500*ms)
	w.run()
	w.readBack("pg1")
	w.rec.Copies[1].Synced = false
	return &w.rec
}

// cut is a drill whose harness was killed in the middle of an outage.
func cut() *record.Record {
	f := quick(4)
	f.served, f.up = 30*sec, 30*sec
	w := f.world()
	w.rec.Head.Published = "203.0.113.7"
	w.run()
	const killed = 8 * sec
	keep := 0
	for _, a := range w.rec.Attempts {
		if a.Done < killed {
			w.rec.Attempts[keep] = a
			keep++
		}
	}
	w.rec.Attempts = w.rec.Attempts[:keep]
	for i, e := range w.rec.Events {
		if e.At > killed {
			w.rec.Events = w.rec.Events[:i]
			break
		}
	}
	w.rec.Tail = nil
	return &w.rec
}

// split is a partition in which both members go on taking writes.
func split() *record.Record {
	w := newWorld(5, 14*sec)
	w.rec.Head.Runbook = "dm8/partition"
	w.rec.Head.Title = text("The primary is cut off from its standby", "主库与备库之间网络中断")
	w.rec.Head.Product, w.rec.Head.System = "dm8", "Dameng DM8"
	w.rec.Head.Auxiliaries = []record.Auxiliary{
		{Name: "monitor", Duty: "monitor"}, {Name: "second", Duty: "monitor", Redundant: true},
	}
	w.event(record.Event{
		At: 5200 * ms, Kind: record.State, Member: "monitor", What: "frozen",
		Fault: "cut pg1 off on both networks",
	})
	w.event(record.Event{At: 5700 * ms, Kind: record.State, Member: "monitor", What: "running"})
	w.event(record.Event{At: 8200 * ms, Kind: record.State, Member: "second", What: "ended"})
	w.client = func(t time.Duration) reply {
		switch {
		case t < 5*sec:
			return acked(1, 0)
		case t < 7200*ms:
			return hanging()
		default:
			return acked(2, 0)
		}
	}
	w.direct = func(member uint8, t time.Duration) reply {
		switch {
		case member == 1 && t < 9800*ms, member == 2 && t >= 7*sec:
			return acked(member, 0)
		default:
			return refused("[-6407] 备库不可写 | read-only")
		}
	}
	w.lost = func(a record.Attempt) bool { return a.Member == 1 && a.Done > 5*sec }
	w.fault("cut pg1 off on both networks", "docker network disconnect public, private", 5*sec, 5100*ms, 9500*ms)
	w.event(record.Event{At: 6800 * ms, Kind: record.Decided, Member: "pg2", Step: 2})
	w.role(7010*ms, "pg2", "primary")
	w.role(9900*ms, "pg1", "neither")
	w.role(11*sec, "pg1", "standby")
	w.step(record.Step{
		Title: text("Cut the primary off", "切断主库的网络"), Planned: new(time.Minute),
	}, 4800*ms, 6*sec)
	w.step(record.Step{
		Title:   text("Take over on the standby", "在备库上执行 takeover 接管"),
		Comment: text("choose takeover; takeover pg2", "先输入 choose takeover，再输入 takeover pg2"),
		Planned: new(2 * time.Minute), Allowed: new(10 * sec),
	}, 6*sec, 8*sec)
	w.step(record.Step{Title: text("Heal the network", "恢复网络"), Planned: new(5 * time.Minute)}, 9*sec, 12*sec)
	w.event(record.Event{
		At: 6900 * ms, Kind: record.Command, Step: 2, Member: "monitor", Took: 240 * ms,
		What: "takeover force pg2", Answer: "[monitor] pg2 接管成功\n",
	})
	w.run()
	w.readBack("pg2")
	return &w.rec
}

// saved is the same partition in a drill that is about it: what the losing side
// took was saved before it was wound back.
func saved() *record.Record {
	rec := split()
	rec.Head.Promise.SplitBrain = true
	var tokens []record.Stored
	for _, a := range rec.Attempts {
		written := rec.Head.Streams[a.Stream].Kind == record.Write && a.Done > 5*sec
		hung := a.Stream == writing && a.Outcome == record.Unknown && a.Done < 5300*ms
		if written && (hung || a.Member == 1) {
			tokens = append(tokens, record.Stored{Seq: a.Seq, Stream: a.Stream, Member: 1})
		}
	}
	rec.Copies = append([]record.Copy{{
		At: 10 * sec, Member: "pg1", Tokens: tokens,
		Saved: &record.Saved{
			File: "salvage-pg1.txt", Bytes: 10_412, Rows: len(tokens) + 2,
			SHA256: "6ef1a0ea1e1a3fc1f1f6e2b6f7f1b53d9f1c1e2a3b4c5d6e7f8091a2b3c4d5e6",
			Tables: map[string]int{"app.drillbook.token": len(tokens), "app.public.student": 2},
		},
	}}, rec.Copies...)
	rec.Events = append(rec.Events, []record.Event{
		{At: 10100 * ms, Kind: record.Figure, Step: 3, Member: "pg2", What: "catch-up", Value: 812.5, Unit: "ms"},
		{At: 10200 * ms, Kind: record.Figure, Step: 3, What: "rows-loaded", Value: 1_000_000, Unit: "rows"},
		{
			At: 10300 * ms, Kind: record.Figure, Step: 3, Member: "pg1", What: "without words", Value: 5 << 20,
			Unit: "bytes",
		},
		{At: 10400 * ms, Kind: record.Lag, Member: "pg2", Bytes: 3 << 20},
		{At: 10500 * ms, Kind: record.Lag, Member: "pg2", Bytes: 1 << 10},
		{At: 10600 * ms, Kind: record.Finding, Step: 3, What: "two histories", Answer: "pg2 left the history of pg1"},
	}...)
	slices.SortStableFunc(rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	return rec
}

// trials are three trials of one drill, the second of which took too long.
func trials() []*record.Record {
	recs := make([]*record.Record, 0, 3)
	for n := range 3 {
		f := quick(uint64(11 + n))
		f.served += time.Duration(n%2) * 900 * ms
		w := f.world()
		w.rec.Head.Trial, w.rec.Head.Trials = n+1, 3
		w.rec.Head.Promise.RTO = sec
		w.event(record.Event{
			At: f.fault - 50*ms, Kind: record.Expected, Step: 2, What: "automatic takeover", Took: 1200 * ms,
			Answer: "HEARTBEAT 700ms + changing the roles 500ms",
		})
		w.run()
		w.readBack("pg2")
		recs = append(recs, &w.rec)
	}
	return recs
}
