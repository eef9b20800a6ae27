package fault

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// Group combines several faults into one: a machine whose network is cut has lost
// more than one link. They are injected and healed at the same time, and the
// group holds once all of them hold.
func Group(name string, parts ...Fault) Fault { return &group{name, parts} }

type group struct {
	name  string
	parts []Fault
}

func (f *group) String() string { return f.name }

func (f *group) Mechanism() string {
	how := make([]string, 0, len(f.parts))
	for _, p := range f.parts {
		how = append(how, p.String()+" by "+p.Mechanism())
	}
	return strings.Join(how, "; ")
}

func (f *group) Inject(ctx context.Context) error {
	_, err := f.each(func(p Fault) (string, error) { return "", p.Inject(ctx) })
	return err
}

func (f *group) Confirm(ctx context.Context) (string, error) {
	return f.each(func(p Fault) (string, error) { return p.Confirm(ctx) })
}

// Holds asks the parts that are states; without any it is an event.
func (f *group) Holds(ctx context.Context) (string, error) {
	var events atomic.Int64
	evidence, err := f.each(func(p Fault) (string, error) {
		evidence, err := p.Holds(ctx)
		if errors.Is(err, ErrEvent) {
			events.Add(1)
			return ErrEvent.Error(), nil
		}
		return evidence, err
	})
	if int(events.Load()) == len(f.parts) {
		return "", ErrEvent
	}
	return evidence, err
}

func (f *group) Heal(ctx context.Context) error {
	_, err := f.each(func(p Fault) (string, error) { return "", p.Heal(ctx) })
	return err
}

func (f *group) Healed(ctx context.Context) (string, error) {
	return f.each(func(p Fault) (string, error) { return p.Healed(ctx) })
}

// each does something with all parts at once and gathers what they say.
func (f *group) each(do func(Fault) (string, error)) (string, error) {
	said, errs := make([]string, len(f.parts)), make([]error, len(f.parts))
	var doing sync.WaitGroup
	for i, p := range f.parts {
		doing.Go(func() {
			said[i], errs[i] = do(p)
			said[i] = p.String() + ": " + said[i]
		})
	}
	doing.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	return strings.Join(said, "; "), nil
}
