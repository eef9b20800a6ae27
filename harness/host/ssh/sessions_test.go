package ssh_test

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"drillbook/harness/host"
)

// An sshd has ten sessions on a connection: more consoles and commands at once than that all
// work, and none disturbs another.
func TestManySessions(t *testing.T) {
	t.Parallel()
	m := start(t)
	n, _ := m.open(t, "far-a").Node("a")
	const consoles, commands = 25, 30
	errs := make([]error, consoles+commands)
	var atWork sync.WaitGroup
	attached := make([]host.Console, consoles)
	for i := range consoles {
		atWork.Go(func() {
			attached[i], errs[i] = n.(host.Attacher).Attach(t.Context(), host.Command{Argv: []string{"cat"}})
		})
	}
	for i := range commands {
		atWork.Go(func() {
			said := fmt.Sprint("command ", i)
			answer, err := n.Exec(t.Context(), host.Command{Argv: []string{"sh", "-c", `sleep 0.2; echo "$0"`, said}})
			if err == nil && answer.Stdout != said+"\n" {
				err = fmt.Errorf("command %d says %+v", i, answer)
			}
			errs[consoles+i] = err
		})
	}
	atWork.Wait()
	must(t, errors.Join(errs...))
	for i, k := range attached {
		said := fmt.Sprintf("console %02d\n", i)
		_, err := io.WriteString(k, said)
		must(t, err)
		buf := make([]byte, len(said))
		if _, err := io.ReadFull(k, buf); err != nil || string(buf) != said {
			t.Errorf("console %d says %q, %v", i, buf, err)
		}
	}
	for _, k := range attached {
		must(t, k.Close())
	}
	if left := m.root(t, "a", "pgrep -u db -l || true"); left != "" {
		t.Errorf("after Close there is left %s", left)
	}
}
