package driver

import (
	"context"
	"errors"
	"time"

	"drillbook/harness/phrase"
)

// Site is a person's own cluster: servers that drillbook has not made, that stay, and of
// which only the database is reached. Its members are named by their addresses. Its Prepare
// takes no member, must be called before sessions are opened, and makes nothing if nothing
// may be written.
type Site interface {
	Driver
	SecretKeeper

	// Addresses are where the servers are reached, in the order in which clients try them.
	Addresses() []string
	// Login says as whom and how the servers are reached.
	Login() string
	// Survey asks every server what it is, and changes nothing. It fails if the site cannot
	// be watched as it is to be, and says what to do. What it has found is returned also then.
	Survey(ctx context.Context) (Survey, error)
	// Made is what Prepare makes.
	Made() Made
	// Withdraw removes that from every server that takes writes, since after a takeover there
	// may be two. It fails if there was none. A server that did not answer is returned: what
	// was made is still there, unless it comes back as a standby.
	Withdraw(ctx context.Context) (unreached []string, err error)
}

// WithdrawEach is Withdraw of a site whose servers are at these addresses, which share the time
// that ctx leaves. Drop removes what was made from one, if it takes writes; an error of one that
// does not is that it did not answer.
func WithdrawEach(
	ctx context.Context, addresses []string, drop func(ctx context.Context, address string) (writes bool, err error),
) (unreached []string, err error) {
	var silent, failed []error
	some := false
	for i, at := range addresses {
		ctx, cancel := ShareOf(ctx, len(addresses)-i)
		writes, err := drop(ctx, at)
		cancel()
		some = some || writes
		switch {
		case err == nil:
		case writes:
			failed = append(failed, err)
		default:
			unreached, silent = append(unreached, at), append(silent, err)
		}
	}
	if !some {
		failed = append(failed, phrase.Errorf("no primary answers"), errors.Join(silent...))
	}
	return unreached, errors.Join(failed...)
}

// ShareOf is ctx with what one of so many that are tried in turn has of its time.
func ShareOf(ctx context.Context, of int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(of))
}

// Survey is what is known of a site before it is watched.
type Survey struct {
	System  string          // the product and its version, as reports call it; "" if no server has told
	Servers []phrase.Phrase // what each says of itself
	Facts   []Fact          // of the whole site
	Notes   []phrase.Phrase // what a person should know
}

// Made is what is made in a site for the probe's writes.
type Made struct {
	What phrase.Phrase // "schema drillbook_watch_1"
	Undo string        // the statement that removes it
}
