package measure_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// failedOver is a cluster whose primary a is lost at 1000 ms, and whose clients b
// serves from 1400 ms on.
func failedOver() *story {
	s := tell()
	s.rec.Head.Settings.Settle = 50 * ms
	for i := range uint32(300) {
		at := int(i) * 10
		outcome, member, epoch := record.Acked, uint8(1), uint32(1)
		if at > 1000 && at < 1400 {
			outcome, member, epoch = record.Refused, 0, 0
		} else if at >= 1400 {
			member, epoch = 2, 2
		}
		s.attempt(0, i+1, at, outcome, by(member, epoch))
	}
	s.attempt(2, 1, 1350, record.Acked, by(2, 2))
	f := record.Event{Fault: "a is lost"}
	for _, e := range []struct {
		at   int
		kind record.Kind
	}{{990, record.Prepared}, {1000, record.Injected}, {1005, record.Confirm}} {
		f.Kind = e.kind
		s.at(e.at, f)
	}
	return s
}

func (s *story) says(at int, member, role string) *story {
	s.at(at, record.Event{Kind: record.Role, Member: member, What: role})
	slices.SortStableFunc(s.rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	return s
}

func TestPhases(t *testing.T) {
	seen := func(at int) *time.Duration { return new(time.Duration(at) * ms) }
	for _, tt := range []struct {
		name  string
		story *story
		want  measure.Phases
	}{
		{
			"ordered", failedOver().decided("b", 1200).says(10, "a", "primary").says(1380, "b", "primary"),
			measure.Phases{Decided: seen(195), Writable: seen(346)},
		},
		{
			"ordered, the primary not seen", failedOver().decided("b", 1200),
			measure.Phases{Decided: seen(195), Writable: seen(346)},
		},
		{
			"by itself", failedOver().says(10, "a", "primary").says(1050, "a", "").says(1340, "b", "primary"),
			measure.Phases{Decided: seen(335), Observed: true, Writable: seen(346)},
		},
		{
			"by itself, writable before it is seen", failedOver().says(10, "a", "primary").says(1380, "b", "primary"),
			measure.Phases{Decided: seen(375), Observed: true, Writable: seen(346)},
		},
		{
			"by itself, before the fault is confirmed",
			failedOver().says(10, "a", "primary").says(1002, "b", "primary"),
			measure.Phases{Decided: seen(-3), Observed: true, Writable: seen(346)},
		},
		{
			"the old primary comes back",
			failedOver().says(10, "a", "primary").says(1050, "a", "").says(1340, "a", "primary"),
			measure.Phases{},
		},
		{
			"the standby was primary before the fault",
			failedOver().says(10, "a", "primary").says(500, "b", "primary").says(1340, "b", "primary"),
			measure.Phases{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Zero, tt.want.FirstError, tt.want.Served = 1005*ms, seen(6), seen(396)
			if got := tt.story.measure().Phases; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("phases = %s, want %s", said(got), said(tt.want))
			}
		})
	}
}

func said(p measure.Phases) string {
	text, err := json.Marshal(p)
	return fmt.Sprint(string(text), err)
}
