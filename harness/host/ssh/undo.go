package ssh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// reach is how a process that knows nothing else reaches a machine.
type reach struct {
	SSH      string `json:"ssh"`
	Settings string `json:"settings,omitempty"`
	User     string `json:"user,omitempty"`
	Run      string `json:"run"` // whose folder there may be left
}

// Reach is what [Undo] needs.
func (h *Host) Reach(node string) string {
	found, ok := h.Node(node)
	if !ok {
		return ""
	}
	n, _ := found.(*Node)
	text, err := json.Marshal(reach{SSH: n.m.Reach, Settings: h.cfg.Settings, User: n.m.User, Run: h.cfg.Run})
	if err != nil {
		return "" // texts can always be written
	}
	return string(text)
}

// Undo carries out what undoes a fault on a machine, confirms it, and removes what its run
// has left there.
func Undo(ctx context.Context, u host.Undo) (err error) {
	var at reach
	if err := json.Unmarshal([]byte(u.Reach), &at); err != nil {
		return phrase.Errorf("%q does not say how %s is reached: %w", u.Reach, u.Node, err)
	}
	run := fmt.Sprintf("heal-%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	h, err := Open(ctx, Config{
		Run: run, Settings: at.Settings, Machines: []Machine{{Name: u.Node, Reach: at.SSH, User: at.User}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	n := h.nodes[0]
	if err := u.Run(ctx, n); err != nil {
		return err
	}
	return n.forget(ctx, at.Run)
}

// forget removes the folder of a run that is dead, once its leases have ended: a watch
// that still waits may be of another fault.
func (n *Node) forget(ctx context.Context, run string) error {
	if run == "" || path.Base(run) != run {
		return nil
	}
	dead := &Node{h: &Host{cfg: Config{Run: run, Term: n.h.cfg.Term}}, m: n.m, conn: n.conn, mark: n.mark}
	return wait.For(ctx, phrase.Say("the leases of run %s to end", run), endWithin, dead.removeFolder)
}

// endWithin is how long leases may still last, whatever their term was.
const endWithin = time.Minute
