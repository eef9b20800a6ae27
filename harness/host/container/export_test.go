package container

import "context"

// Publish makes the host dial published ports, as it does where the engine
// runs elsewhere. It must be called before anything is launched.
func Publish(ctx context.Context, h *Host) error { return h.publish(ctx) }
