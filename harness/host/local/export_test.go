package local

import (
	"context"
	"time"

	"drillbook/harness/host"
)

// Share makes all nodes of a host share one address, as they do where there is
// only one. It must be called before anything is launched.
func Share(h *Host) error {
	err := h.addresses.release()
	h.addresses.claimed = nil
	return err
}

// Folder is where a host has its nodes.
func Folder(h *Host) string { return h.folder }

// Count counts the processes that belong to a folder, as found in /proc or, if
// there is none, by lsof and ps.
func Count(ctx context.Context, folder string) (int, error) {
	all, err := processesOf(ctx, folder)
	return len(all), err
}

// CountByPS counts them by lsof and ps.
func CountByPS(ctx context.Context, folder string) (int, error) {
	all, err := listPS(ctx, folder)
	return len(all), err
}

// FindFolder is where an image's programs would be taken from.
func FindFolder(n *host.Native) (string, error) { return findFolder(n) }

// IsPollable reports whether reading a console keeps no processor from others.
func IsPollable(c host.Console) bool {
	s, ok := c.(*onePty)
	return ok && s.tty.SetReadDeadline(time.Time{}) == nil
}
