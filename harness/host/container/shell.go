package container

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"

	"github.com/docker/docker/api/types/container"

	"drillbook/harness/host"
)

// shells are shells that wait in a container for the next command. An engine takes some 0.1 s of
// a processor to run a command, most of it to enter the container, and a shell that is inside a
// tenth of that. The zero value is ready.
type shells struct {
	mu   sync.Mutex // guards the rest
	idle map[string][]*shell
	off  bool // the container is not to be entered so, or has no shell
}

// exec runs a command in the container. Its contract is that of [engine.exec], which runs what no
// shell can.
func (s *shells) exec(ctx context.Context, e *engine, id string, c host.Command) (host.Answer, error) {
	for taken(c) {
		one := s.take(c.User)
		fresh := one == nil
		if fresh {
			if one = s.open(ctx, e, id, c.User); one == nil {
				break
			}
		}
		answer, err := one.run(ctx, e, c)
		if err == nil {
			s.put(c.User, one)
			return answer.Hide(c.Secrets...), nil
		}
		one.close()
		if !errors.Is(err, errNotBegun) {
			return host.Answer{}, err
		}
		if fresh {
			s.rest()
		}
	}
	return e.exec(ctx, id, c)
}

// take is a shell that waits; nil if there is none.
func (s *shells) take(user string) *shell {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.idle[user]
	if len(all) == 0 {
		return nil
	}
	s.idle[user] = all[:len(all)-1]
	return all[len(all)-1]
}

// put has a shell wait.
func (s *shells) put(user string, one *shell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		one.close()
		return
	}
	if s.idle == nil {
		s.idle = map[string][]*shell{}
	}
	s.idle[user] = append(s.idle[user], one)
}

// rest ends the shells that wait, and opens no more until wake is called: nothing waits in a
// container that is frozen for a shell that cannot answer.
func (s *shells) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, all := range s.idle {
		for _, one := range all {
			one.close()
		}
	}
	s.idle, s.off = nil, true
}

// wake undoes rest, of a node that runs.
func (s *shells) wake(is host.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = is != host.Running
}

// open is a new shell; nil if the engine does not make one: what it has to say of that it will say
// of the command.
func (s *shells) open(ctx context.Context, e *engine, id, user string) *shell {
	s.mu.Lock()
	off := s.off
	s.mu.Unlock()
	if off {
		return nil
	}
	run, streams, err := e.enter(ctx, id, container.ExecOptions{User: user, Cmd: []string{"sh"}, AttachStdin: true})
	if err != nil {
		return nil
	}
	one := &shell{id: run, streams: streams, mark: rand.Text()}
	if _, err := io.WriteString(streams.Conn, carryOut); err != nil {
		one.close()
		return nil
	}
	return one
}
