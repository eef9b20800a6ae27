package drill

import (
	"errors"

	"drillbook/harness/host"
	"drillbook/harness/record"
)

// Blame is err with who answers for it, which [Blamed] finds again in whatever
// wraps it. It says what err says.
func Blame(who record.Blame, err error) error {
	if err == nil || who == record.BlameService {
		return err
	}
	return &blamedError{who, err}
}

// Blamed is who answers for an error: the service, if nobody else is to blame.
// Of errors that were joined, the first that blames somebody tells; but whatever
// comes of it that the place does not answer is for that to answer for.
func Blamed(err error) record.Blame {
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
