package dsl

import (
	"fmt"

	"github.com/onsi/gomega/types"
)

// Work matches the error of something that should have worked. It says what
// went wrong in the error's own words, which are made for the reader of a
// report.
func Work() types.GomegaMatcher { return work{} }

type work struct{}

func (work) Match(actual any) (bool, error) {
	if actual == nil {
		return true, nil
	}
	if _, ok := actual.(error); !ok {
		return false, fmt.Errorf("Work matches an error, not a %T", actual)
	}
	return false, nil
}

func (work) FailureMessage(actual any) string { return fmt.Sprint(actual) }

func (work) NegatedFailureMessage(any) string { return "it worked, and should not have" }
