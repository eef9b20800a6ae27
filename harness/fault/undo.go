package fault

import (
	"context"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
)

// Undoer is a fault that can be taken back by somebody who has nothing but data: the
// node itself once a lease has ended, or a person who heals after the harness has
// died. Every fault of a member that stays is one.
type Undoer interface {
	// Undo is asked for before the fault is injected. It may look at the member, and
	// changes nothing. It is empty where the target cannot say how.
	Undo(ctx context.Context) ([]host.Undo, error)
}

// UndoOf is how a fault is taken back; nothing if it cannot say.
func UndoOf(ctx context.Context, f Fault) ([]host.Undo, error) {
	u, ok := f.(Undoer)
	if !ok {
		return nil, nil
	}
	return u.Undo(ctx)
}

var (
	_ Undoer = (*hostLoss)(nil)
	_ Undoer = (*impair)(nil)
	_ Undoer = (*killServer)(nil)
	_ Undoer = (*stopServer)(nil)
	_ Undoer = (*hangServer)(nil)
	_ Undoer = (*rejectClients)(nil)
	_ Undoer = (*group)(nil)
)

// Undo starts the host again, which takes a device that its place knows of.
func (f *hostLoss) Undo(context.Context) ([]host.Undo, error) {
	r, ok := f.m.Node.(host.Restorer)
	if !ok {
		return nil, nil
	}
	undo, ok := r.Restore()
	if !ok {
		return nil, nil
	}
	return []host.Undo{undo}, nil
}

// Undo clears the link.
func (f *impair) Undo(ctx context.Context) ([]host.Undo, error) {
	u, ok := f.l.(link.Undoer)
	if !ok {
		return nil, nil
	}
	undo, err := u.Undo(ctx)
	if err != nil {
		return nil, err
	}
	return []host.Undo{undo}, nil
}

// Undo starts the server.
func (s *server) Undo(ctx context.Context) ([]host.Undo, error) {
	return undoBy(s.Server, func(u driver.Undoer) (host.Undo, error) { return u.UndoStop(ctx, s.m) })
}

// Undo opens the server to clients.
func (f *rejectClients) Undo(ctx context.Context) ([]host.Undo, error) {
	return undoBy(f.g, func(u driver.Undoer) (host.Undo, error) { return u.UndoReject(ctx, f.m) })
}

// undoBy asks a driver, if that can say.
func undoBy(d any, ask func(driver.Undoer) (host.Undo, error)) ([]host.Undo, error) {
	u, ok := d.(driver.Undoer)
	if !ok {
		return nil, nil
	}
	undo, err := ask(u)
	if err != nil {
		return nil, err
	}
	return []host.Undo{undo}, nil
}

// Undo gathers those of the parts.
func (f *group) Undo(ctx context.Context) ([]host.Undo, error) {
	var all []host.Undo
	for _, p := range f.parts {
		undo, err := UndoOf(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, undo...)
	}
	return all, nil
}
