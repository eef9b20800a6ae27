package ssh

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// Power is how a machine's power is switched: programs with their arguments, which run on
// the machine of the harness, in its environment. No secret belongs among the arguments.
type Power struct {
	Off, On []string
	// Status, if set, ends with 0 and prints "on" or "off", or ends with 2 for off, as fence
	// agents do.
	Status []string
	// Person says that a person does it; see [ByPerson].
	Person bool
}

// ByPerson is the power of a machine that a person switches, who is asked to on the terminal
// of the harness. Without a terminal nobody can be asked, and it fails. That the machine is
// off is told by its silence, and that it is on by its letting us in.
func ByPerson(machine string) *Power {
	const ask = `{ printf '\a\n%s\n%s\n' "$1" "$2" >/dev/tty; } 2>/dev/null ||
		{ echo "nobody can be asked: there is no terminal" >&2; exit 1; }`
	asking := func(english, chinese string) []string {
		return []string{"sh", "-c", ask, "ask", english + " " + machine, chinese + " " + machine}
	}
	return &Power{
		Off:    asking("Cut the power of this machine now:", "现在请切断这台机器的电源："),
		On:     asking("Switch on the power of this machine now:", "现在请接通这台机器的电源："),
		Person: true,
	}
}

const (
	// switchWithin bounds a program that switches the power, and then the machine's state to
	// change. Management boards are slow.
	switchWithin = 2 * time.Minute
	// walkWithin is how long a person may take to cut the power.
	walkWithin = 15 * time.Minute
	// silentWithin bounds the question whether a machine answers, and is how long one that
	// is off must have been silent.
	silentWithin = 3 * time.Second
)

// errPower is wrapped when a machine is to be started or ended and its power is not in our
// hands.
func (n *Node) errPower(what string) error {
	return phrase.Errorf("%s the machine of %s by ssh: %w", what, n.m.Name, host.ErrUnsupported)
}

// Stop fails: a machine is never shut down in order.
func (n *Node) Stop(context.Context) error { return n.errPower("stop") }

// Kill cuts the power, and returns once it is off: its status says so, or nothing answers
// there. It fails where nobody has said how that is done.
func (n *Node) Kill(ctx context.Context) error {
	if n.m.Power == nil {
		return n.errPower("kill")
	}
	n.conn.cut()
	within := switchWithin
	if n.m.Power.Person {
		within = walkWithin
	}
	err := atHarness(ctx, n.m.Power.Off)
	if err == nil {
		err = wait.For(ctx, phrase.Say("the machine of %s to be off", n.m.Name), within,
			patiently(n.in(host.Ended)))
	}
	if err != nil {
		state, unknown := n.State(ctx)
		if unknown != nil {
			state, unknown = n.answers(ctx)
		}
		if unknown == nil && state == host.Running {
			n.conn.restore(false) // so that it can be reached
		}
		return phrase.Errorf("cut the power of %s: %w", n.m.Name, err)
	}
	return nil
}

// Start switches the power on, waits until the machine lets us in, and makes anew what a
// boot has removed there.
func (n *Node) Start(ctx context.Context) error {
	undo, ok := n.Restore()
	if !ok {
		return n.errPower("start")
	}
	booted, err := switchOn(ctx, undo)
	if err != nil {
		return err
	}
	if !booted && !n.conn.isOff() {
		return n.open(ctx) // it was on
	}
	n.conn.cut() // whatever it was on before
	n.conn.restore(true)
	err = wait.For(ctx, phrase.Say("the machine of %s to let us in", n.m.Name), bootWithin, patiently(n.open))
	if err == nil {
		err = n.sign(ctx)
	}
	if err == nil {
		err = n.lock(ctx)
	}
	return err
}

// bootWithin bounds the boot of a machine, and before that the walk of whoever switches it on.
const bootWithin = 15 * time.Minute

// Restore is how the machine's power is switched on again, by whoever does it.
func (n *Node) Restore() (host.Undo, bool) {
	p := n.m.Power
	if p == nil {
		return host.Undo{}, false
	}
	// The last two of what it says decide: agents name what they ask before.
	const isOn = `said=$("$@") && echo "$said" | grep -qiw on && ! echo "$said" | grep -qiw off`
	done := slices.Concat([]string{"sh", "-c", isOn, "status"}, p.Status)
	if len(p.Status) == 0 {
		done = []string{"ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"}
		if n.h.cfg.Settings != "" {
			done = append(done, "-F", n.h.cfg.Settings)
		}
		done = append(done, "--", n.m.Reach, "true")
	}
	return host.Undo{
		Node: n.m.Name, Reach: n.h.Reach(n.m.Name), Argv: p.On, Done: done, Local: true, Attended: true,
	}, true
}

// switchOn carries out what switches the power of a machine on, unless it is on, and returns
// once it is.
func switchOn(ctx context.Context, u host.Undo) (switched bool, err error) {
	isOn := func(ctx context.Context) error { return atHarness(ctx, u.Done) }
	if isOn(ctx) == nil {
		return false, nil
	}
	err = atHarness(ctx, u.Argv)
	if err == nil {
		err = wait.For(ctx, phrase.Say("the machine of %s to be on", u.Node), bootWithin, patiently(isOn))
	}
	if err != nil {
		return false, phrase.Errorf("switch on the power of %s: %w", u.Node, err)
	}
	return true, nil
}

// State is that of the power, by its status, or else by whether the machine answers.
func (n *Node) State(ctx context.Context) (host.State, error) {
	switch {
	case n.m.Power == nil:
		return "", n.errPower("tell the state of")
	case len(n.m.Power.Status) == 0:
		return n.answers(ctx)
	}
	answer, err := runHere(ctx, n.m.Power.Status)
	if err != nil {
		return "", phrase.Errorf("ask for the power of %s: %w", n.m.Name, err)
	}
	state, ok := powerState(answer)
	if !ok {
		return "", phrase.Errorf("ask for the power of %s: %s says neither on nor off, and ended with code %d: %s",
			n.m.Name, n.program(n.m.Power.Status), answer.Code, briefly(answer))
	}
	return state, nil
}

// fenceOff is the code with which fence agents say that a machine is off.
const fenceOff = 2

// powerState reads what a status has said.
func powerState(a host.Answer) (host.State, bool) {
	words := strings.FieldsFunc(strings.ToLower(a.Stdout), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
	on, off := slices.Contains(words, "on"), slices.Contains(words, "off")
	switch {
	case a.Code == fenceOff && !on, a.Code == 0 && off && !on:
		return host.Ended, true
	case a.Code == 0 && on && !off:
		return host.Running, true
	}
	return "", false
}

// answers tells the state of a machine by its silence. One that refuses is not silent.
func (n *Node) answers(ctx context.Context) (host.State, error) {
	brief, done := context.WithTimeout(ctx, silentWithin)
	defer done()
	to, err := settingsOf(brief, n.h.cfg.Settings, n.m.Reach)
	if err != nil {
		return "", err
	}
	l, err := connect(brief, n.h.cfg.Settings, to)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err == nil:
		l.Close()
		return host.Running, nil
	}
	failed, dialling := errors.AsType[*dialError](err)
	switch {
	case !dialling, refused(err):
		return host.Running, nil // it does not let us in, and so is there
	case failed.address != to.address(), errors.Is(err, syscall.ENETUNREACH):
		return "", err // what is silent is on the way
	}
	return host.Ended, nil
}

// refused reports whether an error of dialling is itself an answer.
func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		strings.Contains(err.Error(), "refused") // as a jump host says it
}

// askEvery is how long to wait before a program or a machine is asked again.
const askEvery = time.Second

// patiently is a condition that costs a program to ask.
func patiently(cond func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := cond(ctx)
		if err != nil {
			err = errors.Join(err, wait.Duration(ctx, askEvery))
		}
		return err
	}
}

// in is a condition that a state holds.
func (n *Node) in(want host.State) func(context.Context) error {
	return func(ctx context.Context) error {
		got, err := n.State(ctx)
		if err == nil && got != want {
			err = phrase.Errorf("it is %s", got)
		}
		return err
	}
}

// program is what a person calls the program of a command.
func (*Node) program(argv []string) string { return filepath.Base(argv[0]) }

// KillMechanism says how the power is cut. It has none of the arguments.
func (n *Node) KillMechanism() phrase.Phrase {
	switch p := n.m.Power; {
	case p == nil:
		return phrase.Say("the machine's power is not in our hands")
	case p.Person:
		return phrase.Say("a person, asked on the terminal, cuts the power of the machine; that it is off is told " +
			"by its silence alone")
	case len(p.Status) > 0:
		return phrase.Say("the power of the machine is cut by %s, and %s says that it is off: nobody is told, not "+
			"even by its kernel", n.program(p.Off), n.program(p.Status))
	default:
		return phrase.Say("the power of the machine is cut by %s; that it is off is told by its silence alone",
			n.program(p.Off))
	}
}

// FreezeMechanism says that machines are not frozen.
func (*Node) FreezeMechanism() phrase.Phrase { return phrase.Say("machines that stay are not frozen") }
