package fault

import (
	"context"
	"errors"
	"slices"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Unplug takes a member's interfaces to networks away, as pulling its cables or
// stopping its network service does. The member goes on running.
func Unplug(m driver.Member, networks ...host.Network) Fault {
	return &unplug{m: m, networks: networks}
}

type unplug struct {
	m        driver.Member
	networks []host.Network
	before   []string       // interfaces that it had
	tried    []host.Network // which the fault has begun to take away, and not given back
}

func (f *unplug) String() string { return f.Phrase().Text }

func (f *unplug) Phrase() phrase.Phrase {
	var names phrase.Phrase
	for i, n := range f.networks {
		if i == 0 {
			names = n.Phrase()
		} else {
			names = phrase.Say("%s and the %s", names, n)
		}
	}
	return phrase.Say("%s is off the %s network", f.m.Name, names)
}

func (f *unplug) Mechanism() phrase.Phrase { return phrase.Say(unplugMechanism) }

func (f *unplug) Inject(ctx context.Context) error {
	before, err := f.interfaces(ctx)
	if err != nil {
		return err
	}
	u, ok := f.m.Node.(host.Unplugger)
	if !ok {
		return phrase.Errorf("unplug %s: %w", f.m.Name, host.ErrUnsupported)
	}
	f.before = before
	for _, n := range f.networks {
		f.tried = append(f.tried, n)
		if err := u.Unplug(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// interfaces are those that the member itself sees, the loopback left out.
func (f *unplug) interfaces(ctx context.Context) ([]string, error) {
	answer, err := f.m.Node.Exec(ctx, host.Command{Argv: []string{"ls", "/sys/class/net"}})
	if err != nil {
		return nil, phrase.Errorf("interfaces of %s: %w", f.m.Name, err)
	}
	var names []string
	for name := range strings.FieldsSeq(answer.Stdout) {
		if name != "lo" {
			names = append(names, name)
		}
	}
	return names, nil
}

func (f *unplug) Confirm(ctx context.Context) (phrase.Phrase, error) {
	if f.before == nil {
		return phrase.Phrase{}, phrase.Errorf("nothing was taken away from %s", f.m.Name)
	}
	return f.has(ctx, len(f.before)-len(f.networks))
}

// has counts the interfaces from inside.
func (f *unplug) has(ctx context.Context, want int) (phrase.Phrase, error) {
	now, err := f.interfaces(ctx)
	if err != nil {
		return phrase.Phrase{}, err
	}
	found := phrase.Say("%s has %d network interfaces, %d before the fault", f.m.Name, len(now), len(f.before))
	if len(now) != want {
		return phrase.Phrase{}, phrase.Errorf("%s", found)
	}
	return found, nil
}

func (f *unplug) Holds(ctx context.Context) (phrase.Phrase, error) { return f.Confirm(ctx) }

func (f *unplug) Heal(ctx context.Context) error {
	u, ok := f.m.Node.(host.Unplugger)
	if !ok {
		return nil // nothing was taken away
	}
	var errs []error
	f.tried = slices.DeleteFunc(f.tried, func(n host.Network) bool {
		err := u.Plug(ctx, n)
		errs = append(errs, err)
		return err == nil
	})
	return errors.Join(errs...)
}

func (f *unplug) Healed(ctx context.Context) (phrase.Phrase, error) {
	if f.before == nil {
		return phrase.Say("nothing was taken away from %s", f.m.Name), nil
	}
	return f.has(ctx, len(f.before))
}
