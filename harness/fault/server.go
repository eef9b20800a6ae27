package fault

import (
	"context"
	"errors"
	"fmt"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// KillServer ends the main process of a member's server as the kernel does when
// memory runs out: by SIGKILL. It is an event. Healing it starts the server
// again, if that does not run by then, which a driver refuses where another member
// has become the primary: then the member must rejoin.
func KillServer(s driver.Server, m driver.Member) Fault {
	return &killServer{server: server{Server: s, m: m}}
}

// StopServer ends a member's server in order, its host stays up. It is an event,
// since it is the product's own command: who starts the server afterwards, the
// steps of the drill have to look for. Healing it starts the server again, with
// the same exception as for [KillServer].
func StopServer(s driver.Server, m driver.Member) Fault {
	return &stopServer{server{Server: s, m: m}}
}

// RejectClients has a member's server reject clients, as people do before they stop
// it. Healing it accepts them again.
func RejectClients(g driver.Gate, d driver.Driver, m driver.Member) Fault {
	return &rejectClients{g, d, m}
}

// server is the common part of the faults of a member's server.
type server struct {
	driver.Server
	m         driver.Member
	tried     bool // ending it was begun
	mustStart bool // and not undone since
}

// down returns evidence that no main process runs.
func (s *server) down(ctx context.Context) error {
	pid, err := s.MainProcess(ctx, s.m)
	if err == nil && pid != 0 {
		err = phrase.Errorf("the server of %s runs as process %d", s.m.Name, pid)
	}
	return err
}

// Holds says that what was ended has ended.
func (s *server) Holds(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, ErrEvent }

// Heal starts the server that the fault ended, if its host is up. If the host was
// lost meanwhile, that fault has to be healed first.
func (s *server) Heal(ctx context.Context) error {
	if !s.mustStart {
		return nil
	}
	if _, err := inState(ctx, s.m, host.Ended); err == nil {
		return phrase.Errorf("start the server of %s: its host is down", s.m.Name)
	}
	err := s.StartServer(ctx, s.m)
	s.mustStart = err != nil
	return err
}

func (s *server) Healed(ctx context.Context) (phrase.Phrase, error) {
	if !s.tried {
		return phrase.Say("the server of %s was not touched", s.m.Name), nil
	}
	pid, err := s.MainProcess(ctx, s.m)
	if err == nil && pid == 0 {
		err = phrase.Errorf("the server of %s does not run", s.m.Name)
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("the server of %s runs as process %d", s.m.Name, pid), nil
}

type killServer struct {
	server
	pid int // that was killed
}

func (f *killServer) Phrase() phrase.Phrase  { return phrase.Say("server of %s is killed", f.m.Name) }
func (f *killServer) String() string         { return f.Phrase().Text }
func (*killServer) Mechanism() phrase.Phrase { return phrase.Say(killMechanism) }

func (f *killServer) Inject(ctx context.Context) error {
	pid, err := f.MainProcess(ctx, f.m)
	if err == nil && pid == 0 {
		err = phrase.Errorf("it does not run")
	}
	if err != nil {
		return phrase.Errorf("kill the server of %s: %w", f.m.Name, err)
	}
	f.pid, f.tried, f.mustStart = pid, true, true
	_, err = f.m.Run(ctx, host.Command{Argv: []string{"sh", "-c", fmt.Sprintf("kill -9 %d", pid)}})
	return err
}

func (f *killServer) Confirm(ctx context.Context) (phrase.Phrase, error) {
	if f.pid == 0 {
		return phrase.Phrase{}, phrase.Errorf("the server of %s was not killed", f.m.Name)
	}
	if err := f.down(ctx); err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("process %d of %s is gone, and no main process runs", f.pid, f.m.Name), nil
}

type stopServer struct{ server }

func (f *stopServer) Phrase() phrase.Phrase  { return phrase.Say("server of %s is stopped", f.m.Name) }
func (f *stopServer) String() string         { return f.Phrase().Text }
func (*stopServer) Mechanism() phrase.Phrase { return phrase.Say(stopMechanism) }

func (f *stopServer) Inject(ctx context.Context) error {
	f.tried, f.mustStart = true, true
	return f.StopServer(ctx, f.m)
}

func (f *stopServer) Confirm(ctx context.Context) (phrase.Phrase, error) {
	if err := f.down(ctx); err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("no main process runs on %s", f.m.Name), nil
}

type rejectClients struct {
	g driver.Gate
	d driver.Driver
	m driver.Member
}

func (f *rejectClients) Phrase() phrase.Phrase {
	return phrase.Say("%s is closed to clients", f.m.Name)
}
func (f *rejectClients) String() string                   { return f.Phrase().Text }
func (*rejectClients) Mechanism() phrase.Phrase           { return phrase.Say(rejectClientsMechanism) }
func (f *rejectClients) Inject(ctx context.Context) error { return f.g.RejectClients(ctx, f.m) }
func (f *rejectClients) Heal(ctx context.Context) error   { return f.g.AcceptClients(ctx, f.m) }

// Confirm tries to open a session: the server must accept the connection and refuse
// the session.
func (f *rejectClients) Confirm(ctx context.Context) (phrase.Phrase, error) {
	s, refused, err := tryOpen(ctx, f.d, f.m)
	if s != nil {
		err = errors.Join(phrase.Errorf("%s opened a session", f.m.Name), s.Close())
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("%s answers, and refuses a session: %s", f.m.Name, refused), nil
}

func (f *rejectClients) Holds(ctx context.Context) (phrase.Phrase, error) { return f.Confirm(ctx) }

func (f *rejectClients) Healed(ctx context.Context) (phrase.Phrase, error) {
	return opensSession(ctx, f.d, f.m)
}
