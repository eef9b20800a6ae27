package reports_test

import (
	"fmt"
	"os"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports"
)

func ExampleSentence() {
	why := measure.Reason{Code: measure.RPOMissed, Count: 81, Age: 405 * time.Millisecond}
	fmt.Println(reports.Sentence(why, "en"))
	fmt.Println(reports.Sentence(why, "zh"))
	// Output:
	// Acknowledged writes were lost: 81, the oldest acknowledged 405 ms before service ended; at most 0 may be lost.
	// 丢失已确认的写入 81 笔，最早一笔在服务中断前 405 毫秒得到确认；目标 ≤ 0 笔。
}

func ExampleBracket() {
	b := measure.Bracket{Least: 412 * time.Millisecond, Most: 436 * time.Millisecond}
	fmt.Println(reports.Bracket(b, false, "en"))
	fmt.Println(reports.Bracket(b, true, "en"))
	// Output:
	// 412–436 ms
	// at least 412 ms, still open
}

func ExampleTable() {
	if err := reports.Table(os.Stdout, run(unmeasurable()), "en", 0); err != nil {
		fmt.Println(err)
	}
	// Output:
	// The primary’s host is lost · PostgreSQL 17.6 · postgres/lost-primary · 2026-11-21 01:42:07 +08:00
	// ? Unmeasurable. This drill shows neither that the promise was kept nor that it was not. It does not
	// count as passed.
	// Step                                 Downtime  Allowed  Time taken  Planned  Outcome
	// ─────────────────────────────────────────────────────────────────────────────────────
	// 1. Cut the replication link              none      1 s       2.6 s    1 min  ✔ passed
	// 2. Watch the standby catch up again      none        –       1.9 s    5 min  ✔ passed
	// ─────────────────────────────────────────────────────────────────────────────────────
	// Total                                    none                4.5 s    6 min
}
