package fault

import (
	"context"
	"errors"
	"sync"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// UseUpSessions opens sessions on a member, and holds them, until it refuses one
// more. Healing it closes them.
func UseUpSessions(d driver.Driver, m driver.Member) Fault { return &useUp{d: d, m: m} }

type useUp struct {
	d driver.Driver
	m driver.Member

	mu   sync.Mutex // guards held and full
	held []driver.Session
	full bool // one more was refused, and those that are held were not closed since
}

// mostSessions is how many are held at most: a server that takes more than that
// is not one to use up from a single machine.
const mostSessions = 5000

func (f *useUp) Phrase() phrase.Phrase  { return phrase.Say("sessions of %s are used up", f.m.Name) }
func (f *useUp) String() string         { return f.Phrase().Text }
func (*useUp) Mechanism() phrase.Phrase { return phrase.Say(useUpMechanism) }

func (f *useUp) Inject(ctx context.Context) error {
	for {
		_, err := f.openOneMore(ctx)
		if errors.Is(err, errOpened) {
			continue
		}
		if err != nil {
			return phrase.Errorf("use up the sessions of %s: %w", f.m.Name, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.full = true
		return nil
	}
}

// errOpened says that there was room for one more session, which is held now.
var errOpened = phrase.Errorf("one more session could be opened")

// openOneMore tries to open a session and holds it. Why it was refused is the
// evidence; that it was not is an error.
func (f *useUp) openOneMore(ctx context.Context) (refused string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) >= mostSessions {
		return "", phrase.Errorf("it takes more than %d", mostSessions)
	}
	s, refused, err := tryOpen(ctx, f.d, f.m)
	if s != nil {
		f.held = append(f.held, s)
		return "", errOpened
	}
	return refused, err
}

// Confirm tries one more session, which must be refused, while the server goes
// on answering in one of those that are held.
func (f *useUp) Confirm(ctx context.Context) (phrase.Phrase, error) {
	refused, err := f.openOneMore(ctx)
	if err != nil {
		return phrase.Phrase{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) == 0 {
		return phrase.Phrase{}, phrase.Errorf("%s refuses every session: %s", f.m.Name, refused)
	}
	if _, err := f.held[0].Role(ctx); err != nil {
		return phrase.Phrase{}, phrase.Errorf("%s answers in no session: %w", f.m.Name, err)
	}
	return phrase.Say("%d sessions are held, %s answers in them, and refuses one more: %s",
		len(f.held), f.m.Name, refused), nil
}

// Holds asks for an answer in every session that is held. It still holds if
// somebody else has closed a session of their own.
func (f *useUp) Holds(ctx context.Context) (phrase.Phrase, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.full || len(f.held) == 0 {
		return phrase.Phrase{}, phrase.Errorf("the sessions of %s were not used up", f.m.Name)
	}
	for i, s := range f.held {
		if _, err := s.Role(ctx); err != nil {
			return phrase.Phrase{}, phrase.Errorf("session %d of %d that are held on %s: %w", i+1, len(f.held),
				f.m.Name, err)
		}
	}
	return phrase.Say("%s answers in all %d sessions that are held", f.m.Name, len(f.held)), nil
}

func (f *useUp) Heal(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := make([]error, 0, len(f.held))
	for _, s := range f.held {
		errs = append(errs, s.Close())
	}
	f.held, f.full = nil, false
	return errors.Join(errs...)
}

func (f *useUp) Healed(ctx context.Context) (phrase.Phrase, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) > 0 {
		return phrase.Phrase{}, phrase.Errorf("%d sessions are still held", len(f.held))
	}
	return opensSession(ctx, f.d, f.m)
}

// tryOpen tries to open a session on a member. It returns the session, or the reason
// why a server that is up refused it, or an error.
func tryOpen(ctx context.Context, d driver.Driver, m driver.Member) (s driver.Session, refused string, err error) {
	reached := false
	s, err = d.Open(ctx, driver.Target{Members: []driver.Member{m}, Reached: func(context.Context) error {
		reached = true
		return nil
	}})
	switch {
	case err == nil:
		return s, "", nil
	case ctx.Err() != nil || !reached:
		return nil, "", phrase.Errorf("%s was not reached: %w", m.Name, err)
	}
	return nil, err.Error(), nil
}

// opensSession returns evidence that a member opens sessions.
func opensSession(ctx context.Context, d driver.Driver, m driver.Member) (phrase.Phrase, error) {
	s, err := d.Open(ctx, driver.Target{Members: []driver.Member{m}})
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("open a session on %s: %w", m.Name, err)
	}
	if err := s.Close(); err != nil {
		return phrase.Phrase{}, phrase.Errorf("close a session on %s: %w", m.Name, err)
	}
	return phrase.Say("%s opened a session", m.Name), nil
}
