package driver

import (
	"context"

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
	// Withdraw removes that from the server that takes writes.
	Withdraw(ctx context.Context) error
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
