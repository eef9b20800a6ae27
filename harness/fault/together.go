package fault

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// Together is several faults that people take for one: a machine whose network
// is cut has lost more than one link. They are injected and healed at the same
// time, and it holds once all of them hold.
func Together(name string, parts ...Fault) Fault { return &together{name, parts} }

type together struct {
	name  string
	parts []Fault
}

func (f *together) String() string { return f.name }

func (f *together) Mechanism() string {
	how := make([]string, 0, len(f.parts))
	for _, p := range f.parts {
		how = append(how, p.String()+" by "+p.Mechanism())
	}
	return strings.Join(how, "; ")
}

func (f *together) Inject(ctx context.Context) error {
	_, err := f.each(func(p Fault) (string, error) { return "", p.Inject(ctx) })
	return err
}

func (f *together) Confirm(ctx context.Context) (string, error) {
	return f.each(func(p Fault) (string, error) { return p.Confirm(ctx) })
}

// Holds asks the parts that are states; without any it is an event.
func (f *together) Holds(ctx context.Context) (string, error) {
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

func (f *together) Heal(ctx context.Context) error {
	_, err := f.each(func(p Fault) (string, error) { return "", p.Heal(ctx) })
	return err
}

func (f *together) Healed(ctx context.Context) (string, error) {
	return f.each(func(p Fault) (string, error) { return p.Healed(ctx) })
}

// each does something with all parts at once and gathers what they say.
func (f *together) each(do func(Fault) (string, error)) (string, error) {
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
