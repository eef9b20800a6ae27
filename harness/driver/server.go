package driver

import (
	"context"

	"drillbook/harness/host"
)

// Server handles a member's database server while its host stays up.
type Server interface {
	// MainProcess is the number, within the member's node, of the process
	// that all others of the server come from; 0 if the server does not run.
	MainProcess(ctx context.Context, m Member) (int, error)
	// StopServer ends the server in order and returns once it has ended. That
	// it does not run is no error.
	StopServer(ctx context.Context, m Member) error
	// StartServer starts it in the role in which it was stopped and returns
	// once it takes connections. That it runs is no error. It refuses where
	// that would make a second primary.
	StartServer(ctx context.Context, m Member) error
	// DataDir is where the member keeps its data; "" if that is nowhere.
	DataDir(ctx context.Context, m Member) (string, error)
}

// Gate can close a member's server to clients while replication and the
// commands of people on its host go on. Both are idempotent, and a closed
// server that is stopped and started is still closed.
type Gate interface {
	// RejectClients refuses new sessions and ends those that are open.
	RejectClients(ctx context.Context, m Member) error
	// AcceptClients undoes RejectClients.
	AcceptClients(ctx context.Context, m Member) error
}

// Undoer says as data how what was done to a member's server is taken back: commands
// that need nothing of the harness. They are asked for before it is done.
type Undoer interface {
	// UndoStop starts the server, and refuses where that would make a second primary.
	UndoStop(ctx context.Context, m Member) (host.Undo, error)
	// UndoReject accepts clients again.
	UndoReject(ctx context.Context, m Member) (host.Undo, error)
}
