// Package drivertest checks that a driver keeps the promises of package driver,
// as testing/fstest does for file systems. A new driver is ready for drills when
// Check returns nil:
//
//	func TestDriver(t *testing.T) {
//		if err := drivertest.Check(t.Context(), mydb.New(), host); err != nil {
//			t.Fatal(err)
//		}
//	}
package drivertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/wait"
)

// run is the name of the checks' tokens.
const run = "drivertest"

// within bounds everything that should be quick.
const within = 30 * time.Second

// Check starts a cluster of two members on the host, which it does not close,
// and reports every promise of package driver that the driver breaks, as a
// joined error, or nil.
func Check(ctx context.Context, d driver.Driver, h host.Host) error {
	c, err := cluster.Start(ctx, cluster.Spec{Driver: d, Host: h, Members: []string{"a", "b"}, Within: time.Minute})
	if err != nil {
		return fmt.Errorf("start two members: %w", err)
	}
	t := &checker{d: d, c: c, a: c.Members[0], b: c.Members[1]}
	return t.all(ctx)
}

// all tries every promise.
func (t *checker) all(ctx context.Context) error {
	for _, check := range []struct {
		promise string
		holds   func(context.Context) error
	}{
		{"at the start, the first member is primary and the other a standby", t.roles},
		{"every setting that it has written is in force", t.settings},
		{"preparing twice is no error", t.prepare},
		{"what is written can be read and read back, once, with the member that took it", t.write},
		{"a register holds what was put last", t.register},
		{"opening changes nothing", t.opening},
		{"a standby refuses writes, and the refused write is not stored", t.refusal},
		{"a writable target leads to the primary", t.writable},
		{"a member whose address is not known is passed over", t.passedOver},
		{"everything obeys a context that is cancelled", t.cancelled},
		{"closing a session twice is no error", t.closing},
		{"a standby catches up", t.catchUp},
		{"a killed member has no role, and its writes fail", t.killed},
		{"a promoted standby takes writes, in a later epoch", t.promote},
		{"data outlive the loss of the host, and the lost member rejoins", t.rejoin},
		{"a switchover changes the roles and loses nothing", t.switchover},
		{"what only one of two primaries holds is saved, all of it and nothing else", t.salvage},
		{"the logs that it names tell something of each member", t.logs},
		{"what runs for the cluster besides its members ends, and no session is opened then", t.closeCluster},
	} {
		if err := check.holds(ctx); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.broken = append(t.broken, fmt.Errorf("broken promise: %s: %w", check.promise, err))
		}
	}
	return errors.Join(t.broken...)
}

type checker struct {
	d      driver.Driver
	c      *cluster.Cluster
	a, b   driver.Member
	seq    uint32
	epoch  uint32
	broken []error
}

func (t *checker) roles(ctx context.Context) error {
	return errors.Join(t.expectRole(ctx, t.a, driver.Primary), t.expectRole(ctx, t.b, driver.Standby))
}

func (t *checker) expectRole(ctx context.Context, m driver.Member, want driver.Role) error {
	got, err := t.c.Role(ctx, m)
	if err != nil {
		return fmt.Errorf("role of %s: %w", m.Name, err)
	}
	if got != want {
		return fmt.Errorf("role of %s = %q, want %q", m.Name, got, want)
	}
	return nil
}

func (t *checker) prepare(ctx context.Context) error {
	return errors.Join(t.d.Prepare(ctx, t.a), t.d.Prepare(ctx, t.a))
}

// with opens a session with a member and closes it.
func (t *checker) with(ctx context.Context, target driver.Target, do func(driver.Session) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s, err := t.d.Open(ctx, target)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return errors.Join(do(s), s.Close())
}

func only(m driver.Member) driver.Target { return driver.Target{Members: []driver.Member{m}} }

func (t *checker) next() driver.Token {
	t.seq++
	return driver.Token{Run: run, Stream: 0, Seq: t.seq}
}

// writeTo writes a token to a member and checks the acknowledgement.
func (t *checker) writeTo(ctx context.Context, m driver.Member) (driver.Ack, error) {
	var ack driver.Ack
	err := t.with(ctx, only(m), func(s driver.Session) (err error) {
		ack, err = s.Write(ctx, t.next())
		return err
	})
	if err == nil && ack.Member != m.Name {
		err = fmt.Errorf("%s acknowledged as %q", m.Name, ack.Member)
	}
	return ack, err
}

func (t *checker) write(ctx context.Context) error {
	for range 3 {
		ack, err := t.writeTo(ctx, t.a)
		if err != nil {
			return err
		}
		t.epoch = ack.Epoch
	}
	return errors.Join(t.expectStored(ctx, t.a), t.with(ctx, only(t.a), func(s driver.Session) error {
		got, err := s.Read(ctx, run, 0)
		if err != nil {
			return err
		}
		if got.Seq != t.seq {
			return fmt.Errorf("read %d, want %d, the last written", got.Seq, t.seq)
		}
		if got.Member != "" && got.Member != t.a.Name {
			return fmt.Errorf("%s was read, and %q says that it has answered", t.a.Name, got.Member)
		}
		if other, err := s.Read(ctx, "another run", 0); err != nil || other.Seq != 0 {
			return fmt.Errorf("read of a run without tokens = %d, %w, want 0", other.Seq, orNone(err))
		}
		return nil
	}))
}

// expectStored makes sure that a member holds each token up to the last once.
func (t *checker) expectStored(ctx context.Context, m driver.Member) error {
	return t.with(ctx, only(m), func(s driver.Session) error {
		stored, err := s.Tokens(ctx, run)
		if err != nil {
			return err
		}
		times := map[uint32]int{}
		for _, tok := range stored {
			times[tok.Seq]++
			if tok.Member == "" {
				return fmt.Errorf("token %d does not say which member took it", tok.Seq)
			}
		}
		for seq := uint32(1); seq <= t.seq; seq++ {
			if times[seq] != 1 {
				return fmt.Errorf("%s holds token %d %d times, want once", m.Name, seq, times[seq])
			}
		}
		if len(times) != int(t.seq) {
			return fmt.Errorf("%s holds %d tokens, want %d", m.Name, len(times), t.seq)
		}
		return nil
	})
}

func (t *checker) opening(ctx context.Context) error {
	err := t.with(ctx, only(t.a), func(driver.Session) error { return nil })
	return errors.Join(err, t.expectStored(ctx, t.a))
}

func (t *checker) refusal(ctx context.Context) error {
	_, err := t.writeTo(ctx, t.b)
	t.seq-- // it must not be stored
	if !errors.Is(err, driver.ErrRefused) {
		return fmt.Errorf("error = %w, want one that wraps ErrRefused", orNone(err))
	}
	return t.expectStored(ctx, t.a)
}

func orNone(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

func (t *checker) writable(ctx context.Context) error {
	return t.leadsToPrimary(ctx, t.b, t.a)
}

func (t *checker) leadsToPrimary(ctx context.Context, members ...driver.Member) error {
	target := driver.Target{Members: members, Writable: true}
	return t.with(ctx, target, func(s driver.Session) error {
		ack, err := s.Write(ctx, t.next())
		if err == nil && ack.Member != t.a.Name {
			err = fmt.Errorf("led to %s, want %s", ack.Member, t.a.Name)
		}
		return err
	})
}

// passedOver: the service is more than one of its members.
func (t *checker) passedOver(ctx context.Context) error {
	missing := t.b
	missing.Node = nowhere{t.b.Node}
	return errors.Join(
		t.leadsToPrimary(ctx, missing, t.a),
		t.leadsToPrimary(ctx, t.a, missing),
	)
}

// nowhere is a node whose place does not know where it is dialled.
type nowhere struct{ host.Node }

func (nowhere) Addr(context.Context, int) (string, error) { return "", errors.New("not known here") }

// promptly is how soon a cancelled call must return.
const promptly = time.Second

func (t *checker) cancelled(ctx context.Context) error {
	return t.with(ctx, only(t.a), func(s driver.Session) error {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(
			stops("Open", func() error { _, err := t.d.Open(ended, only(t.a)); return err }),
			stops("Read", func() error { _, err := s.Read(ended, run, 0); return err }),
		)
	})
}

func stops(what string, do func() error) error {
	began := time.Now()
	err := do()
	if took := time.Since(began); took > promptly {
		return fmt.Errorf("%s with a cancelled context took %s", what, took)
	}
	if err == nil {
		return fmt.Errorf("%s with a cancelled context succeeded", what)
	}
	return nil
}

func (t *checker) closing(ctx context.Context) error {
	return t.with(ctx, only(t.a), func(s driver.Session) error { return s.Close() })
}

func (t *checker) catchUp(ctx context.Context) error {
	return wait.For(ctx, "the standby to hold everything", within, func(ctx context.Context) error {
		return t.expectStored(ctx, t.b)
	})
}
