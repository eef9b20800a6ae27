package measure_test

import (
	"slices"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// far is a copy of c that had not caught up, as it stood then.
func (s *story) far(kind string, follows bool, seqs ...uint32) *story {
	s.rec.Head.Members, s.rec.Head.Kinds = []string{"a", "b", "c"}, map[string]string{"c": kind}
	s.holds("c", "standby", seqs...)
	c := &s.rec.Copies[len(s.rec.Copies)-1]
	c.Synced, c.Follows = false, follows
	return s
}

// A standby for which no commit waits may be behind while it receives: it is said by how
// much, and what it holds must be of the primary's. One that receives nothing any more,
// and one for which commits wait, may not.
func TestCopyThatIsBehind(t *testing.T) {
	for _, tt := range []struct {
		name     string
		kind     string
		follows  bool
		holds    []uint32 // the primary holds 1 and 2
		unread   bool
		behind   int
		diverged []uint32
	}{
		{"asynchronous", "asynchronous", true, []uint32{1}, false, 1, nil},
		{"for disaster recovery", "disaster-recovery", true, nil, false, 2, nil},
		{"holds what the primary lacks", "asynchronous", true, []uint32{1, 7}, false, 1, []uint32{7}},
		{"lacks what came before what it holds", "asynchronous", true, []uint32{2}, true, 0, nil},
		{"receives nothing any more", "asynchronous", false, []uint32{1}, true, 0, nil},
		{"synchronous", "synchronous", true, []uint32{1}, true, 0, nil},
		{"of no kind", "", true, []uint32{1}, true, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().attempt(0, 1, 100, record.Acked).attempt(0, 2, 110, record.Acked)
			s.holds("a", "primary", 1, 2).holds("b", "standby", 1, 2).far(tt.kind, tt.follows, tt.holds...)
			got := s.measure()
			if slices.Contains(got.Writes.Unread, "c") != tt.unread {
				t.Errorf("unread are %q", got.Writes.Unread)
			}
			var want []measure.Behind
			if tt.behind > 0 {
				want = []measure.Behind{{Member: "c", Writes: tt.behind}}
			}
			if !slices.Equal(got.Writes.Behind, want) {
				t.Errorf("behind are %+v, want %+v", got.Writes.Behind, want)
			}
			if !slices.Equal(seqs(got.Writes.Diverged), tt.diverged) {
				t.Errorf("diverged %v, want %v", seqs(got.Writes.Diverged), tt.diverged)
			}
			if !got.Writes.Counted || len(got.Writes.Lost) > 0 {
				t.Errorf("counted %v, lost %v: what is lost is told by the primary", got.Writes.Counted,
					got.Writes.Lost)
			}
		})
	}
}

// A witness holds nothing: nobody misses its copy, and it leaves no doubt about who is
// the primary, whatever it says.
func TestWitness(t *testing.T) {
	s := tell().attempt(0, 1, 100, record.Acked).holds("a", "primary", 1).holds("b", "standby", 1)
	s.rec.Head.Members, s.rec.Head.Kinds = []string{"a", "b", "c"}, map[string]string{"c": "witness"}
	got := s.says(10, "c", "primary").measure()
	if !got.Writes.Counted || len(got.Writes.Unread)+len(got.Writes.Diverged) > 0 {
		t.Errorf("counted %v, unread %q, diverged %v, want all counted", got.Writes.Counted, got.Writes.Unread,
			got.Writes.Diverged)
	}
}

// A change of primary that was ordered of b and made by c is found: b was never seen to be
// primary, and c, which was none at the order, became it before the next one.
func TestWrongPrimary(t *testing.T) {
	ordered := func() *story { return tell().says(10, "c", "standby").decided("b", 300) }
	for _, tt := range []struct {
		name  string
		story *story
		want  bool
	}{
		{"c became it", ordered().says(400, "c", "primary"), true},
		{"b said so", ordered().says(400, "c", "primary").says(500, "b", "primary"), false},
		{
			"b said so, then nothing",
			ordered().says(350, "b", "primary").says(400, "c", "primary").says(450, "b", ""), false,
		},
		{"b acknowledged", ordered().says(400, "c", "primary").attempt(2, 1, 410, record.Acked, by(2, 2)), false},
		{
			"b had acknowledged before",
			ordered().attempt(2, 1, 200, record.Acked, by(2, 1)).says(400, "c", "primary"), true,
		},
		{"c had become it before", tell().says(10, "c", "standby").says(200, "c", "primary").decided("b", 300), false},
		{"c had not answered before", tell().says(10, "c", "").decided("b", 300).says(400, "c", "primary"), false},
		{"c did not answer as it became it", ordered().says(350, "c", "").says(400, "c", "primary"), true},
		{
			"c goes on as primary",
			tell().says(10, "c", "primary").decided("b", 300).says(350, "c", "neither").
				says(400, "c", "primary"), false,
		},
		{"c was ordered next", ordered().decided("c", 390).says(400, "c", "primary"), false},
		{"nobody became it", ordered(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.story.rec.Head.Members = []string{"a", "b", "c"}
			why, found := reason(tt.story.holds("a", "primary").measure(), measure.WrongPrimary)
			if found != tt.want || found && (why.Detail != "b → c" || why.Age != 300*ms) {
				t.Errorf("%+v, found %v, want %v", why, found, tt.want)
			}
		})
	}
}

// What a member acknowledges that has carried out another's order is no split brain, also
// of a product without epochs; what the one before it acknowledges then is.
func TestWrongPrimaryIsNoSplitBrain(t *testing.T) {
	acks := func(s *story, stream uint8, member uint8, seq uint32, at int) {
		s.attempt(stream, seq, at, record.Acked, by(member, 0))
	}
	for _, goesOn := range []bool{false, true} {
		s := tell().says(10, "a", "primary").says(10, "c", "standby")
		s.rec.Head.Members = []string{"a", "b", "c"}
		if !goesOn {
			acks(s, 0, 3, 1, 100) // c was primary once
		}
		acks(s, 0, 1, 2, 200)
		s.decided("b", 300).says(400, "c", "primary")
		acks(s, 0, 3, 3, 500)
		if goesOn {
			acks(s, 1, 1, 1, 600)
		}
		if got := s.measure().Split; got.Proved != goesOn {
			t.Errorf("a goes on: %v, and the split brain is %+v", goesOn, got)
		}
	}
}

// What two members have saved is counted of each, and is lost once.
func TestSavedByTwo(t *testing.T) {
	s := tell().attempt(0, 1, 100, record.Acked).attempt(0, 2, 110, record.Acked).attempt(0, 3, 120, record.Acked)
	for _, m := range []string{"b", "c"} {
		s.rec.Copies = append(s.rec.Copies, record.Copy{
			Member: m, Saved: &record.Saved{File: m}, Tokens: []record.Stored{{Seq: 2}},
		})
	}
	got := s.holds("a", "primary", 1).holds("b", "standby", 1).measure()
	if len(got.Saved) != 2 {
		t.Fatalf("saved %+v, want two files", got.Saved)
	}
	for _, f := range got.Saved {
		if f.Acked != 1 || f.Lost != 1 {
			t.Errorf("saved %+v, want the lost write in each", f)
		}
	}
	if got.Unsaved != 1 {
		t.Errorf("%d unsaved, want the one of the two lost that is in no file", got.Unsaved)
	}
}
