package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"drillbook/harness/driver"
	"drillbook/harness/shell"
)

func (t *checker) killed(ctx context.Context) error {
	var open driver.Session
	open, err := t.d.Open(ctx, only(t.a))
	if err != nil {
		return err
	}
	if err := t.a.Node.Kill(ctx); err != nil {
		return fmt.Errorf("kill: %w", err)
	}
	brief, cancel := context.WithTimeout(ctx, promptly)
	defer cancel()
	if role, err := t.c.Role(brief, t.a); err == nil {
		return fmt.Errorf("role = %q, want an error", role)
	}
	_, err = open.Write(brief, driver.Token{Run: run, Stream: 1, Seq: 1})
	if err == nil {
		return errors.New("a write over a session from before was acknowledged")
	}
	return open.Close()
}

func (t *checker) promote(ctx context.Context) error {
	p, ok := t.d.(driver.Promoter)
	if !ok {
		return errors.ErrUnsupported
	}
	if err := p.Promote(ctx, t.b); err != nil {
		return err
	}
	if err := t.expectRole(ctx, t.b, driver.Primary); err != nil {
		return err
	}
	ack, err := t.writeTo(ctx, t.b)
	if err != nil {
		return err
	}
	if ack.Epoch != 0 && ack.Epoch <= t.epoch {
		return fmt.Errorf("epoch %d after %d, want a later one", ack.Epoch, t.epoch)
	}
	return t.expectStored(ctx, t.b)
}

func (t *checker) rejoin(ctx context.Context) error {
	r, ok := t.d.(driver.Rejoiner)
	if !ok {
		return errors.ErrUnsupported
	}
	if err := t.a.Node.Start(ctx); err != nil {
		return fmt.Errorf("start the host: %w", err)
	}
	if role, err := t.c.Role(ctx, t.a); err == nil && role == driver.Primary {
		return errors.New("the lost primary came up as primary by itself")
	}
	if err := r.Rejoin(ctx, t.a, t.b, driver.Rewind); err != nil {
		return err
	}
	return errors.Join(t.expectRole(ctx, t.a, driver.Standby), t.holdsAll(ctx, t.a))
}

func (t *checker) holdsAll(ctx context.Context, m driver.Member) error {
	t.a, t.b = t.b, m // the roles have changed; catchUp looks at b
	return t.catchUp(ctx)
}

func (t *checker) switchover(ctx context.Context) error {
	s, ok := t.d.(driver.Switcher)
	if !ok {
		return errors.ErrUnsupported
	}
	if err := s.Switchover(ctx, t.a, t.b); err != nil {
		return err
	}
	if err := errors.Join(
		t.expectRole(ctx, t.b, driver.Primary),
		t.expectRole(ctx, t.a, driver.Standby),
	); err != nil {
		return err
	}
	return errors.Join(t.expectStored(ctx, t.b), t.holdsAll(ctx, t.a))
}

func (t *checker) settings(ctx context.Context) error {
	c, ok := t.d.(driver.SettingsReporter)
	if !ok {
		return errors.ErrUnsupported
	}
	var wrong []error
	for _, seat := range []struct {
		m, peer driver.Member
		first   bool
	}{{t.a, t.b, true}, {t.b, t.a, false}} {
		m := seat.m
		all, err := c.Settings(ctx, m, driver.Seat{
			Name: m.Name, First: seat.first, Peers: []string{seat.peer.Name}, Dial: m.Dial,
		})
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("it tells of no setting of %s", m.Name)
		}
		wrong = append(wrong, err)
		for _, s := range all {
			if s.Got != s.Want {
				wrong = append(wrong, fmt.Errorf("%s of %s is %s, want %q", s.Name, m.Name, s.Got, s.Want))
			}
		}
	}
	return errors.Join(wrong...)
}

func (t *checker) closeCluster(ctx context.Context) error {
	if _, ok := t.d.(driver.ClusterCloser); !ok {
		return errors.ErrUnsupported
	}
	if err := errors.Join(t.c.Close(ctx), t.c.Close(ctx)); err != nil {
		return err
	}
	brief, cancel := context.WithTimeout(ctx, promptly)
	defer cancel()
	s, err := t.d.Open(brief, only(t.a))
	if err == nil {
		return errors.Join(errors.New("a session was opened"), s.Close())
	}
	return brief.Err() // it took too long to be refused
}

// logs: something of what a member does can be read, at the place or in the product's own files.
func (t *checker) logs(ctx context.Context) error {
	k, ok := t.d.(driver.LogKeeper)
	if !ok {
		return errors.ErrUnsupported
	}
	const most = 1 << 10
	for _, m := range []driver.Member{t.a, t.b} {
		lines := ""
		if r, ok := t.d.(driver.AlertReader); ok {
			lines = r.AlertLines()
		}
		files, err := shell.ReadLogs(ctx, m.Node, most, lines, k.LogFiles(m)...)
		if err != nil {
			return err
		}
		stream, err := m.Node.Logs(ctx)
		if err != nil {
			return err
		}
		printed, err := io.ReadAll(stream)
		if err = errors.Join(err, stream.Close()); err != nil {
			return err
		}
		said := len(printed)
		for _, f := range files.Files {
			said += len(f.Head) + len(f.Tail)
		}
		if said == 0 {
			return fmt.Errorf("no log of %s says anything; files: %v", m.Name, files.Files)
		}
	}
	return nil
}
