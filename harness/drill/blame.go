package drill

import (
	"errors"

	"drillbook/harness/host"
	"drillbook/harness/record"
)

// Blame marks err with who is to blame for it; [BlameOf] finds that in any error
// that wraps it. The message stays the same.
func Blame(who record.Blame, err error) error {
	if err == nil || who == record.BlameService {
		return err
	}
	return &blamedError{who, err}
}

// BlameOf returns who is to blame for an error: the service, if nobody else is
// marked. Of joined errors the first one that is marked decides. An error because
// the place does not answer is always blamed on the place.
func BlameOf(err error) record.Blame {
	if errors.Is(err, host.ErrGone) {
		return record.BlamePlace
	}
	if b, ok := errors.AsType[*blamedError](err); ok {
		return b.who
	}
	return record.BlameService
}

type blamedError struct {
	who record.Blame
	err error
}

func (e *blamedError) Error() string { return e.err.Error() }

func (e *blamedError) Unwrap() error { return e.err }
