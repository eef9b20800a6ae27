package dsl

import (
	"fmt"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
)

// Succeed is [gomega.Succeed] with two differences. It fails with the message of the
// error alone, which is written for the reader of a report, and it keeps the error
// for the record, which says who is to blame for it.
func (d *Drill) Succeed() types.GomegaMatcher { return succeed{gomega.Succeed(), d} }

type succeed struct {
	types.GomegaMatcher

	d *Drill
}

func (s succeed) Match(actual any) (bool, error) {
	s.d.cause, _ = actual.(error)
	return s.GomegaMatcher.Match(actual)
}

func (succeed) FailureMessage(actual any) string { return fmt.Sprint(actual) }
