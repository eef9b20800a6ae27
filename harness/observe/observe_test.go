package observe_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/observe"
	"drillbook/harness/record"
)

const ms = time.Millisecond

// oracle is a product whose members say what they are told to say, each answer
// taking so long.
type oracle struct {
	mu     sync.Mutex // guards all below
	says   map[string]driver.Role
	takes  time.Duration
	opened int
	closed int
}

func (o *oracle) set(member string, role driver.Role) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.says[member] = role
}

func (o *oracle) Product() driver.Description                  { return driver.Description{} }
func (o *oracle) Plan(driver.Seat) (host.Spec, error)          { return host.Spec{}, nil }
func (o *oracle) Prepare(context.Context, driver.Member) error { return nil }

func (o *oracle) Open(_ context.Context, t driver.Target) (driver.Session, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opened++
	return &session{o: o, member: t.Members[0].Name}, nil
}

// session is a driver's of which an observer asks for nothing but the role.
type session struct {
	driver.Session
	o      *oracle
	member string
}

// Role is empty where the member does not answer.
func (s *session) Role(ctx context.Context) (driver.Role, error) {
	s.o.mu.Lock()
	role := s.o.says[s.member]
	s.o.mu.Unlock()
	if role == "" {
		<-ctx.Done()
		return "", errors.Join(ctx.Err(), driver.ErrBroken)
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(s.o.takes):
		return role, nil
	}
}

func (s *session) Close() error {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.closed++
	return nil
}

// watch observes a and b while act changes what they say.
func watch(t *testing.T, takes time.Duration, act func(o *oracle, w *observe.Observer)) (all []record.Event) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &oracle{says: map[string]driver.Role{"a": driver.Primary, "b": driver.Standby}, takes: takes}
		var mu sync.Mutex // guards all
		w := observe.Start(t.Context(), observe.Config{
			Began: time.Now(), Driver: o, Members: []driver.Member{{Name: "a"}, {Name: "b"}},
			Every: 50 * ms, Within: 250 * ms,
			Event: func(e record.Event) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, e)
			},
		})
		act(o, w)
		w.Stop()
		if o.opened != o.closed {
			t.Errorf("%d sessions opened, %d closed", o.opened, o.closed)
		}
	})
	return all
}

// of are the events about a member.
func of(all []record.Event, member string) []record.Event {
	return slices.DeleteFunc(slices.Clone(all), func(e record.Event) bool { return e.Member != member })
}

func after(d time.Duration) { <-time.After(d) }

func TestRolesAreNotedWhenTheyChange(t *testing.T) {
	all := watch(t, 5*ms, func(o *oracle, w *observe.Observer) {
		after(time.Second)
		o.set("a", driver.Neither)
		o.set("b", driver.Primary)
		after(time.Second)
		if got := w.Roles(); got["a"] != driver.Neither || got["b"] != driver.Primary {
			t.Errorf("roles = %v, want a neither and b primary", got)
		}
	})
	for member, roles := range map[string][]driver.Role{
		"a": {driver.Primary, driver.Neither},
		"b": {driver.Standby, driver.Primary},
	} {
		got := of(all, member)
		if len(got) != len(roles) {
			t.Fatalf("events of %s = %+v, want one for each of %v", member, got, roles)
		}
		for i, e := range got {
			if e.Kind != record.Role || e.What != string(roles[i]) {
				t.Errorf("event %d of %s = %+v, want role %s", i, member, e, roles[i])
			}
		}
		if late := got[1].At - time.Second; late < 0 || late > 60*ms {
			t.Errorf("the change of %s was noted %s late, want at most 55ms", member, late)
		}
	}
}

// A member that stops answering is known to have been what it said only until
// it was last asked and answered.
func TestLastAnswerBoundsARole(t *testing.T) {
	all := watch(t, 5*ms, func(o *oracle, w *observe.Observer) {
		after(1020 * ms)
		o.set("a", "")
		after(time.Second)
		if _, ok := w.Roles()["a"]; ok {
			t.Error("a still has a role, though it does not answer")
		}
		o.set("a", driver.Standby)
		after(time.Second)
	})
	got := of(all, "a")
	if len(got) != 3 || got[1].What != "" || got[2].What != string(driver.Standby) {
		t.Fatalf("events of a = %+v, want primary, silence, standby", got)
	}
	silent := got[1]
	if late := silent.At - 1020*ms; late < 250*ms || late > 310*ms {
		t.Errorf("silence was noted %s after it began, want once a question had gone unanswered for 250ms", late)
	}
	if said := silent.At - silent.Took; said > 1020*ms || said < 960*ms {
		t.Errorf("a was last heard at %s, want within 60ms before it fell silent at 1.02s", said)
	}
}

func TestStopJoins(t *testing.T) {
	watch(t, time.Hour, func(_ *oracle, w *observe.Observer) {
		after(100 * ms)
		began := time.Now()
		w.Stop()
		if took := time.Since(began); took > 250*ms {
			t.Errorf("Stop took %s, want no longer than an answer may", took)
		}
	})
}
