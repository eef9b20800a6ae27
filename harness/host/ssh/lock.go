package ssh

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"io"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// lockScript holds the lock of a machine.
//
//go:embed lock.sh
var lockScript string

// The codes with which it ends.
const (
	heldByOther = 9
	noPrograms  = 7
)

const (
	// beatEvery is how often the script hears from us; it gives the lock up after silentFor.
	beatEvery = 5 * time.Second
	silentFor = 30 * time.Second
	// lockWithin bounds taking it.
	lockWithin = 20 * time.Second
)

// lock makes sure that no other run is at work on the machine until the host is closed. It is
// held on a session of the connection, ends with that, and is taken again with a new one.
func (n *Node) lock(ctx context.Context) error {
	if n.h.cfg.Unlocked {
		return nil
	}
	return n.conn.hold(ctx, n.takeLock)
}

// takeLock takes the lock on a connection, and gives it up when that ends. Again says that
// this run has had it before, on another connection.
func (n *Node) takeLock(ctx context.Context, l *link, again bool) error {
	ctx, done := context.WithTimeout(ctx, lockWithin)
	defer done()
	s, err := l.NewSession()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	beats, err := s.StdinPipe()
	if err != nil {
		return err
	}
	out, err := s.StdoutPipe()
	if err != nil {
		return err
	}
	var errs bytes.Buffer
	s.Stderr = &errs
	before := ""
	if again {
		before = "again"
	}
	line := "cd " + folders + " && exec " + host.Quoted("sh", "-c", lockScript, "drillbook-lock",
		n.h.cfg.Run, host.Owner(), strconv.Itoa(int(silentFor.Seconds())), before)
	if err := s.Start(n.behindMark(line)); err != nil {
		return err
	}
	said := bufio.NewReader(out)
	if first := n.lockSays(said); first != "held" {
		_ = s.Close()
		code, err := codeOf(s.Wait())
		return n.notLocked(ctx, host.Answer{Stdout: first, Stderr: errs.String(), Code: code}, err)
	}
	n.conn.all.Go(func() {
		_, _ = io.Copy(io.Discard, said) // until the session ends
		n.conn.drop(l)
	})
	n.conn.all.Go(func() { beat(beats, l) })
	return nil
}

// lockSays is the first line of the script's own.
func (n *Node) lockSays(said *bufio.Reader) string {
	marked := false
	for {
		line, err := said.ReadString('\n')
		if line = strings.TrimSpace(line); marked && line != "" || err != nil {
			return line
		}
		marked = marked || strings.HasSuffix(line, n.mark)
	}
}

// beat tells the script now and then that we are there, until the connection ends.
func beat(to io.Writer, l *link) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.ended:
			return
		case <-tick.C:
			if _, err := io.WriteString(to, "."); err != nil {
				return
			}
		}
	}
}

// notLocked says why the lock was not taken.
func (n *Node) notLocked(ctx context.Context, a host.Answer, err error) error {
	switch {
	case ctx.Err() != nil:
		return phrase.Errorf("take the lock of %s: %w", n.m.Name, context.Cause(ctx))
	case err != nil:
		return phrase.Errorf("take the lock of %s: %w", n.m.Name, err)
	case a.Code == heldByOther && a.Stdout == "":
		return phrase.Errorf("%w on %s, and does not say whose: try again", ErrBusy, n.m.Name)
	case a.Code == heldByOther:
		return phrase.Errorf("%w on %s: %s: wait until it has ended", ErrBusy, n.m.Name, a.Stdout)
	case a.Code == noPrograms:
		return phrase.Errorf("%s has no flock or no timeout, which keep two drills apart: install util-linux and "+
			"coreutils there", n.m.Name)
	}
	return phrase.Errorf("take the lock of %s: it ended with code %d: %s", n.m.Name, a.Code, briefly(a))
}

// ErrBusy is wrapped when another run is at work on a machine.
var ErrBusy = phrase.Errorf("another drill is under way")
