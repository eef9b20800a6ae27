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
// has left there. Where that is done from here, it switches on the power of a machine that was
// lost.
func Undo(ctx context.Context, u host.Undo) error {
	var at reach
	if err := json.Unmarshal([]byte(u.Reach), &at); err != nil {
		return phrase.Errorf("%q does not say how %s is reached: %w", u.Reach, u.Node, err)
	}
	if !u.Local {
		return at.visit(ctx, u.Node, func(n *Node) error {
			if err := u.Run(ctx, n); err != nil {
				return err
			}
			return n.forget(ctx, at.Run)
		})
	}
	if _, err := switchOn(ctx, u); err != nil {
		return err
	}
	brief, done := context.WithTimeout(ctx, closeWithin)
	defer done()
	// One that boots does not answer yet, and has nothing left of a run.
	_ = at.visit(brief, u.Node, func(n *Node) error { return n.forget(brief, at.Run) })
	return nil
}

// visit does something on a machine, whoever else is at work there.
func (at reach) visit(ctx context.Context, node string, do func(*Node) error) (err error) {
	run := fmt.Sprintf("heal-%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	h, err := Open(ctx, Config{
		Run: run, Settings: at.Settings, Unlocked: true,
		Machines: []Machine{{Name: node, Reach: at.SSH, User: at.User}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	return do(h.nodes[0])
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
