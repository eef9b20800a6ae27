package measure_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// unread adds the final copy of a member that could not be read.
func (s *story) unread(member string) *story {
	s.rec.Copies = append(s.rec.Copies, record.Copy{Member: member, Final: true, Err: "it cannot be read"})
	return s
}

// silent: b does not answer any more, since it said something last.
func (s *story) silent(at, said int) *story {
	took := time.Duration(at-said) * ms
	s.at(at, record.Event{Kind: record.Role, Member: "b", Took: took})
	return s
}

// Where the primary may be a member that could not be read, nothing is lost
// because another one that says primary lacks it; where it certainly is none, the
// authority counts as ever.
func TestAuthority(t *testing.T) {
	one := func() *story { return tell().attempt(0, 1, 100, record.Acked, by(2, 0)) } // by b, and a lacks it
	for _, tt := range []struct {
		name  string
		story *story
		want  bool // counted
	}{
		{"nothing is known", tell().attempt(0, 1, 100, record.Acked), true},
		{"a standby", tell().attempt(0, 1, 100, record.Acked, by(1, 0)).says(10, "b", "standby"), true},
		{"says primary", one().says(10, "b", "primary").says(200, "a", "primary"), false},
		{
			"says primary, and the other was ordered later",
			one().says(10, "b", "primary").decided("a", 150).says(200, "a", "primary"), false,
		},
		{"says by now that it is none", one().says(10, "b", "primary").says(500, "b", "standby"), true},
		{
			"said primary, then nothing",
			one().says(10, "a", "primary").says(20, "b", "primary").silent(500, 450), false,
		},
		{
			"said primary, then nothing, and the other was ordered later",
			one().says(20, "b", "primary").silent(500, 450).decided("a", 600), true,
		},
		{
			"said primary, then nothing, and the other says so since",
			one().says(20, "b", "primary").silent(500, 450).says(700, "a", "primary"), true,
		},
		{
			"said primary, then nothing, and the other took a write since",
			one().says(10, "a", "primary").says(20, "b", "primary").silent(500, 450).
				attempt(0, 2, 700, record.Acked, by(1, 0)), true,
		},
		{"acknowledged last", one().attempt(0, 2, 50, record.Acked, by(1, 0)).silent(0, 0), false},
		{"was ordered, and the other goes on saying so", one().says(10, "a", "primary").decided("b", 300).
			silent(310, 0), false},
		{"was ordered, and the other says so since", one().decided("b", 300).silent(310, 0).
			says(400, "a", "primary"), true},
		{"was ordered, and the other took a write since", one().decided("b", 300).silent(310, 0).
			attempt(0, 2, 700, record.Acked, by(1, 0)), true},
		{"was ordered, and said later that it is none", one().decided("b", 300).says(350, "b", "standby").
			silent(500, 450), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.story.holds("a", "primary", 2).unread("b").measure()
			if got.Writes.Counted != tt.want || (len(got.Writes.Lost) > 0) != tt.want {
				t.Errorf("counted %v, lost %v, want counted %v", got.Writes.Counted, seqs(got.Writes.Lost), tt.want)
			}
			code := measure.RPOUnknown
			if tt.want {
				code = measure.CopyMissing
			}
			if _, ok := reason(got, code); !ok {
				t.Errorf("reasons = %+v, want %s among them", got.Reasons, code)
			}
		})
	}
}
