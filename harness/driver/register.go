package driver

import "context"

// Register is a [Session] that can also keep a register: one value that is
// overwritten again and again, by which it can be told whether the cluster as
// a whole behaves as one copy. Its products say so in [Description.Registers].
type Register interface {
	Session
	// Put makes the token's number the value of the register of the token's
	// stream, and stores the token as Write does, in one transaction: so it
	// can be found out later whether a put of unknown fate took effect.
	Put(ctx context.Context, t Token) (Ack, error)
	// Get returns the value of the register of the run and stream, 0 if
	// nothing was put.
	Get(ctx context.Context, run string, stream int) (seq uint32, err error)
}
