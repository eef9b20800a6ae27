package dsl

import (
	"fmt"

	"github.com/onsi/gomega/types"
)

// Work matches the error of something that should have worked. It says what
// went wrong in the error's own words, which are made for the reader of a
// report, and keeps the error for the record, which says who is to blame for
// it.
func (d *Drill) Work() types.GomegaMatcher { return work{d} }

type work struct{ d *Drill }

func (w work) Match(actual any) (bool, error) {
	if actual == nil {
		w.d.cause = nil
		return true, nil
	}
	err, ok := actual.(error)
	if !ok {
		return false, fmt.Errorf("Work matches an error, not a %T", actual)
	}
	w.d.cause = err
	return false, nil
}

func (work) FailureMessage(actual any) string { return fmt.Sprint(actual) }

func (work) NegatedFailureMessage(any) string { return "it worked, and should not have" }
