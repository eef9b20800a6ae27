package fault

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"drillbook/harness/phrase"
)

// Group combines several faults into one: a machine whose network is cut has lost
// more than one link. They are injected and healed at the same time, and the
// group holds once all of them hold.
func Group(name phrase.Phrase, parts ...Fault) Fault { return &group{name, parts} }

type group struct {
	name  phrase.Phrase
	parts []Fault
}

func (f *group) Phrase() phrase.Phrase { return f.name }
func (f *group) String() string        { return f.name.Text }

func (f *group) Mechanism() phrase.Phrase {
	how := make([]phrase.Phrase, 0, len(f.parts))
	for _, p := range f.parts {
		how = append(how, phrase.Say("%s by %s", p, p.Mechanism()))
	}
	return phrase.Join(how, "; ")
}

func (f *group) Inject(ctx context.Context) error {
	_, err := f.each(func(p Fault) (phrase.Phrase, error) { return phrase.Phrase{}, p.Inject(ctx) })
	return err
}

func (f *group) Confirm(ctx context.Context) (phrase.Phrase, error) {
	return f.each(func(p Fault) (phrase.Phrase, error) { return p.Confirm(ctx) })
}

// Holds asks the parts that are states; without any it is an event.
func (f *group) Holds(ctx context.Context) (phrase.Phrase, error) {
	var events atomic.Int64
	evidence, err := f.each(func(p Fault) (phrase.Phrase, error) {
		evidence, err := p.Holds(ctx)
		if errors.Is(err, ErrEvent) {
			events.Add(1)
			return phrase.Of(ErrEvent), nil
		}
		return evidence, err
	})
	if int(events.Load()) == len(f.parts) {
		return phrase.Phrase{}, ErrEvent
	}
	return evidence, err
}

func (f *group) Heal(ctx context.Context) error {
	_, err := f.each(func(p Fault) (phrase.Phrase, error) { return phrase.Phrase{}, p.Heal(ctx) })
	return err
}

func (f *group) Healed(ctx context.Context) (phrase.Phrase, error) {
	return f.each(func(p Fault) (phrase.Phrase, error) { return p.Healed(ctx) })
}

// each does something with all parts at once and gathers what they say.
func (f *group) each(do func(Fault) (phrase.Phrase, error)) (phrase.Phrase, error) {
	said, errs := make([]phrase.Phrase, len(f.parts)), make([]error, len(f.parts))
	var doing sync.WaitGroup
	for i, p := range f.parts {
		doing.Go(func() {
			said[i], errs[i] = do(p)
			said[i] = phrase.Say("%s: %s", p, said[i])
		})
	}
	doing.Wait()
	if err := errors.Join(errs...); err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Join(said, "; "), nil
}
