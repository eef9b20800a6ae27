package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// begun plans a page, accepts the plan, and begins a drill of it.
func (p *sitePair) begun(t *testing.T, page string, set ...string) (c *exec.Cmd, out *safe) {
	t.Helper()
	args := make([]string, 0, 3+2*len(set))
	args = append(args, page, "--site", p.file)
	for _, s := range set {
		args = append(args, "--set", s)
	}
	_, planned := p.runs(append([]string{"plan"}, args...)...)
	digest := planDigest.FindStringSubmatch(planned)
	if digest == nil {
		t.Fatalf("no plan: %s", planned)
	}
	c, out = p.command(append([]string{"run", "--plain", "--accept", digest[1]}, args...)...), &safe{}
	c.Stdout, c.Stderr = out, out
	must(t, c.Start())
	return c, out
}

// killDrill ends a drill with SIGKILL.
func killDrill(t *testing.T, c *exec.Cmd, out *safe) {
	t.Helper()
	must(t, c.Process.Kill())
	if _, ended := errors.AsType[*exec.ExitError](c.Wait()); !ended {
		t.Fatalf("it has ended by itself: %s", out.String())
	}
}

// killedAt begins a drill and kills it with SIGKILL once it has said something.
func (p *sitePair) killedAt(t *testing.T, page, said string, set ...string) {
	t.Helper()
	c, out := p.begun(t, page, set...)
	must(t, wait.For(t.Context(), "the moment to kill it", time.Minute, func(context.Context) error {
		return out.has(said)
	}))
	killDrill(t, c, out)
}

// moment is between two events of a fault, which the record gets at once.
type moment struct{ after, before record.Kind }

func moments() []moment {
	return []moment{
		{record.Prepared, record.Injected}, {record.Injected, record.Confirm}, {record.Confirm, record.Heal},
	}
}

func (m moment) String() string { return fmt.Sprintf("%s, not %s", m.after, m.before) }

// faultsOf are the kinds of the events of each fault, in the order in which faults were
// prepared, as far as there is a record.
func faultsOf(file string) [][]record.Kind {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var names []string
	var kinds [][]record.Kind
	for line := range bytes.Lines(text) {
		var event struct{ V record.Event }
		_, object, _ := bytes.Cut(line, []byte(" "))
		if !bytes.HasPrefix(object, []byte(`{"k":"event"`)) || json.Unmarshal(object, &event) != nil {
			continue
		}
		e := event.V
		if e.Fault == "" {
			continue
		}
		i := slices.Index(names, e.Fault)
		if i < 0 {
			i = len(names)
			names, kinds = append(names, e.Fault), append(kinds, nil)
		}
		kinds[i] = append(kinds[i], e.Kind)
	}
	return kinds
}

// newest is the record of the drill that began last.
func (p *sitePair) newest(page string) string {
	all, _ := filepath.Glob(filepath.Join(p.dir, "reports", "out", "2*", strings.ReplaceAll(page, "/", "-"),
		"record.jsonl"))
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return all[len(all)-1]
}

// killedIn begins a drill and kills it in a moment of its nth fault: it follows the record and,
// since a fault that is prepared stands in the ledger before it is injected, the ledger.
// Whether it was in time, the record says.
func (p *sitePair) killedIn(t *testing.T, page string, nth int, m moment) (inTime bool) {
	t.Helper()
	last := p.newest(page)
	c, out := p.begun(t, page, "mode=sync")
	reached := func() bool {
		file := p.newest(page)
		if file == last {
			return false
		}
		all := faultsOf(file)
		return len(all) >= nth && slices.Contains(all[nth-1], m.after) &&
			(m.after != record.Prepared || p.inLedger() >= nth)
	}
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(2 * time.Millisecond); !reached(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the moment never comes: %s", out.String())
		}
	}
	killDrill(t, c, out)
	return !slices.Contains(faultsOf(p.newest(page))[nth-1], m.before)
}

// inLedger is how many faults are in the ledger, besides what a drill borrows.
func (p *sitePair) inLedger() int {
	files, _ := filepath.Glob(filepath.Join(p.cache, "drillbook", "faults", "*.faults"))
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var contents struct {
			Faults []struct{ What string }
		}
		whole := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
		if json.Unmarshal(whole[len(whole)-1], &contents) == nil {
			n += max(0, len(contents.Faults)-2)
		}
	}
	return n
}

// cutHolds: the kernel has addresses in our sets; an empty table of ours stops nothing.
const cutHolds = "nft list ruleset | sed -n '/table .* drillbook_/,$p' | grep -q 'elements ='"

// leaseOfKilled is that of the drills that are killed.
const leaseOfKilled = 8 * time.Second

// withShortLease has the leases of a pair end soon.
func (p *sitePair) withShortLease() {
	p.t.Helper()
	text, err := os.ReadFile(p.file)
	must(p.t, err)
	short := strings.Replace(string(text), "lease: 30s", "lease: "+leaseOfKilled.String(), 1)
	must(p.t, os.WriteFile(p.file, []byte(short), 0o600))
}

// endsByItself makes sure that nothing is in force on the old primary once the lease and a
// second are over. inForce is a command that ends with 0 while something is.
func (p *sitePair) endsByItself(t *testing.T, inForce string) {
	t.Helper()
	began := time.Now()
	must(t, wait.For(t.Context(), "the end of the lease", leaseOfKilled+time.Second, func(ctx context.Context) error {
		if p.root(ctx, "db1", "if "+inForce+"; then echo so; fi") == "so" {
			return errors.New("it is in force")
		}
		return nil
	}))
	t.Logf("after %s nothing is in force", time.Since(began).Round(100*time.Millisecond))
}

// healed makes sure that heal takes everything back, and has nothing to do a second time.
func (p *sitePair) healed(t *testing.T) {
	t.Helper()
	code, said := p.runs("heal")
	t.Log(said)
	if !strings.Contains(said, "undone: ") && !strings.Contains(said, "confirmed") {
		t.Errorf("heal does not say what it did")
	}
	if !strings.Contains(said, "heal changes no roles") || !strings.Contains(said, "drillbook show postgres/") {
		t.Errorf("heal does not say that roles are as they are")
	}
	if code != 0 && p.root(t.Context(), "db1", "pgrep -x postgres || echo none") == "none" {
		// The host was lost: its server is for a person to start, and what a drill has left in
		// its database is on its disk until then.
		if code != exitEnvironment {
			t.Errorf("heal ended with %d", code)
		}
		p.root(t.Context(), "db1", "runuser -u postgres -- pg_ctlcluster 17 main start")
		code, said = p.runs("heal")
		t.Log(said)
	}
	if code != 0 {
		t.Errorf("heal ended with %d", code)
	}
	p.checkNothingLeft()
	if code, again := p.runs("heal"); code != 0 || strings.Contains(again, "undone") {
		t.Errorf("heal once more: %d, %s", code, again)
	}
}

// TestOwnClusterKilled: whatever a harness that was killed has left in force ends by itself
// within the lease and a second where it has a lease, and heal does the rest, or all of it at
// once.
func TestOwnClusterKilled(t *testing.T) {
	onOwnCluster(t)
	p := newSitePair(t, "debian")
	p.withShortLease()
	for _, of := range []struct {
		name, page string
		nth        int    // fault of the page
		inForce    string // a command on the old primary that ends with 0 while it is; "": it has no lease
	}{
		{"cut", "postgres/network-cut", 1, cutHolds},
		{
			"closed door", "postgres/ordered-shutdown", 1,
			"grep -q drillbook: /etc/postgresql/17/main/pg_hba.conf",
		},
		{"stopped server", "postgres/ordered-shutdown", 3, ""},
		{"lost host", "postgres/lost-primary", 1, ""},
	} {
		for _, m := range moments() {
			for _, waits := range []bool{true, false} {
				if waits && of.inForce == "" {
					continue // somebody must judge what comes of undoing it
				}
				name := fmt.Sprintf("%s, %s, healed", of.name, m)
				if waits {
					name = fmt.Sprintf("%s, %s, by itself", of.name, m)
				}
				t.Run(name, func(t *testing.T) {
					if !p.killedIn(t, of.page, of.nth, m) {
						t.Log("the drill was faster: it was killed a moment later")
					}
					if waits {
						p.endsByItself(t, of.inForce)
					}
					p.healed(t)
					p.makePair("sync")
				})
			}
		}
	}
}

// syncNames are what commits of db2 wait for.
func (p *sitePair) syncNames(t *testing.T) string {
	t.Helper()
	return p.root(t.Context(), "db2", "runuser -u postgres -- psql -XAt -c 'SHOW synchronous_standby_names'")
}

// TestOwnClusterKilledAfterTakeover: what a drill changes for a while is set again by heal, as
// soon as somebody follows for whom commits wait, and not before: they would hang.
func TestOwnClusterKilledAfterTakeover(t *testing.T) {
	onOwnCluster(t)
	p := newSitePair(t, "debian")
	own := p.syncNames(t)
	p.killedAt(t, "postgres/lost-primary", "✔ 3.", "mode=sync")
	if now := p.syncNames(t); now != "" || own == "" {
		t.Fatalf("commits wait for %q, and did for %q: there is nothing to try", now, own)
	}
	code, said := p.runs("heal")
	t.Log(said)
	if code != exitEnvironment || !strings.Contains(said, "nobody follows for whom commits would wait") {
		t.Errorf("heal ended with %d", code)
	}
	if now := p.syncNames(t); now != "" {
		t.Errorf("commits wait for %q, and nobody follows", now)
	}
	p.root(t.Context(), "db1", fmt.Sprintf("pg_dropcluster 17 main; bash /root/make-pair.sh standby layout=debian "+
		"mode=sync name=db1 peer=db2 peer_address=%s public=%s", p.ip("db2", host.Private), p.ip("db1", host.Public)))
	if code, said = p.runs("heal"); code != 0 || !strings.Contains(said, "settings may be as the drill has them") {
		t.Errorf("once it follows, heal ended with %d: %s", code, said)
	}
	if now := p.syncNames(t); now != own {
		t.Errorf("commits wait for %q, want %q", now, own)
	}
	p.checkNothingLeft()
}

// TestOwnClusterWithoutSSH: a cut ends by itself when the machine can no longer be reached,
// although the harness lives. Heal does the rest once it can: the pair is asynchronous, since
// the settings of a synchronous one whose standby has taken over wait for a new standby.
func TestOwnClusterWithoutSSH(t *testing.T) {
	onOwnCluster(t)
	p := newSitePair(t, "debian")
	p.withShortLease()
	p.makePair("async")
	c, out := p.begun(t, "postgres/network-cut", "mode=async")
	must(t, wait.For(t.Context(), "the cut", time.Minute, func(context.Context) error {
		return out.has("fault holds: network of")
	}))
	p.root(t.Context(), "db1", "pkill '^sshd'")
	p.endsByItself(t, cutHolds)
	must(t, c.Process.Signal(os.Interrupt))
	err := c.Wait()
	t.Log(out.String())
	if code := exitCode(t, err); code == 0 {
		t.Errorf("the drill ended with %d", code)
	}
	p.root(t.Context(), "db1", "/usr/sbin/sshd")
	p.healed(t)
}
