package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drillbook/harness/driver"
)

// Commit is how a server answers the commit of a write.
type Commit string

// The ways in which a commit may be answered.
const (
	Undone  Commit = "rolled back, and said so with an error of the product's own"
	Strange Commit = "answered with an error that nobody knows"
	Cut     Commit = "stored, and the connection ends before the answer"
	Gone    Commit = "acknowledged, and the row is not there"
)

// CheckCommits reports what a driver makes of commits that it should not. open
// opens a session with a server that answers the commit of the next write thus,
// the real one or, where that cannot be made to, one that follows a script.
func CheckCommits(ctx context.Context, open func(Commit) (driver.Session, error)) error {
	var wrong []error
	for seq, c := range []Commit{Undone, Strange, Cut, Gone} {
		s, err := open(c)
		if err == nil {
			err = errors.Join(answered(ctx, s, c, uint32(seq+1)), s.Close())
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("a commit that is %s: %w", c, err))
		}
	}
	return errors.Join(wrong...)
}

// answered writes, and looks at what the driver says of it.
func answered(ctx context.Context, s driver.Session, c Commit, seq uint32) error {
	_, err := s.Write(ctx, driver.Token{Run: run, Seq: seq})
	refused, broken := errors.Is(err, driver.ErrRefused), errors.Is(err, driver.ErrBroken)
	switch c {
	case Undone:
		if !refused {
			return fmt.Errorf("error = %w, want one that wraps ErrRefused", orNone(err))
		}
	case Strange, Cut:
		if err == nil || refused {
			return fmt.Errorf("error = %w, want one that does not wrap ErrRefused: its fate is unknown", orNone(err))
		}
		if c == Cut && !broken {
			return fmt.Errorf("error = %w, want one that wraps ErrBroken", err)
		}
	case Gone:
		if err != nil {
			return fmt.Errorf("error = %w, want an acknowledgement: any other client has one", err)
		}
		stored, err := s.Tokens(ctx, run)
		if err != nil {
			return fmt.Errorf("read back: %w", err)
		}
		if slices.ContainsFunc(stored, func(t driver.Stored) bool { return t.Seq == seq }) {
			return errors.New("the row is there: nothing was tried")
		}
	}
	return nil
}
