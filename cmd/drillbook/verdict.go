package main

import (
	"errors"
	"fmt"
	"slices"

	"drillbook/harness/measure"
	"drillbook/reports"
	"drillbook/reports/words"
)

// judge is how a run ends: with an error if a promise was missed, if anything
// could not be told, and if its place could not carry out or remove something.
// instead is what to do where that is lacking, if anybody knows.
func judge(run reports.Run, instead string, w words.Words) error {
	var all []error
	if len(run.Drills) == 0 {
		all = append(all, &exitError{code: exitUnmeasurable})
	}
	for _, s := range run.Skipped {
		why := skipped(s, w)
		if instead != "" {
			why += ": " + instead
		}
		all = append(all, environment(errors.New(why)))
	}
	for _, b := range run.Broken {
		all = append(all, environment(errors.New(b.String())))
	}
	for _, d := range run.Drills {
		told := slices.ContainsFunc(run.Broken, func(b reports.Broken) bool { return b.Run == d.Record.Head.Run })
		if t := d.Record.Tail; t != nil && t.Err != "" && !told {
			all = append(all, environment(fmt.Errorf("%s: %s", d.Record.Head.Runbook, t.Err)))
		}
		switch d.Result.Verdict {
		case measure.Met, measure.Unjudged:
		case measure.Missed:
			all = append(all, &exitError{code: exitMissed})
		case measure.Unmeasurable:
			all = append(all, &exitError{code: exitUnmeasurable})
		}
	}
	return worst(all...)
}

// skipped says which runbook was not carried out, and why.
func skipped(s reports.Skipped, w words.Words) string {
	return w.Say("skipped", "runbook", s.Runbook, "why", foreign(w, s.Why))
}

// gravity lists the exit codes, the worst last. A promise that was certainly
// missed outweighs drills that could not be carried out.
func gravity() []int {
	return []int{exitUnmeasurable, exitEnvironment, exitMissed, exitUsage, exitInterrupted}
}

// worst returns an error with the worst exit code of all, and the messages of
// each.
func worst(all ...error) error {
	var worst exitError
	var said []error
	for _, err := range all {
		if err == nil {
			continue
		}
		code := codeOf(err)
		if exit, ok := errors.AsType[*exitError](err); ok {
			err = exit.err
		}
		said = append(said, err)
		if slices.Index(gravity(), code) > slices.Index(gravity(), worst.code) {
			worst.code = code
		}
	}
	if worst.code == 0 {
		return nil
	}
	worst.err = errors.Join(said...)
	return &worst
}
