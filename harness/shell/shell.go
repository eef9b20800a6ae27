// Package shell does on a member's node, by commands that a person could type
// there, what every product needs: programs in the background, files and folders,
// the disk. It knows no program and no product.
//
// What changes something is run as [driver.Member.Run] does, and stands in the
// record; what only looks does not. A node needs a POSIX shell, and for programs
// Linux.
package shell

import (
	"context"
	"errors"
	"strings"
	"sync"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Script is a script with its arguments. What it is for stands before these as $0,
// for the reader of the report.
func Script(script, what string, args ...string) host.Command {
	return host.Command{Argv: append([]string{"sh", "-c", script, what}, args...)}
}

// look runs a command that changes nothing and returns what it printed. A code
// other than 0 is an error with what it complained of.
func look(ctx context.Context, n host.Node, argv ...string) (string, error) {
	answer, err := n.Exec(ctx, host.Command{Argv: argv})
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("%s", strings.TrimSpace(answer.Stderr))
	}
	return answer.Stdout, err
}

// Each does something on several members at once, and returns what went wrong on
// any of them.
func Each(members []driver.Member, do func(driver.Member) error) error {
	errs := make([]error, len(members))
	var work sync.WaitGroup
	for i, m := range members {
		work.Go(func() { errs[i] = do(m) })
	}
	work.Wait()
	return errors.Join(errs...)
}
