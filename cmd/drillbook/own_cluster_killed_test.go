package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drillbook/harness/wait"
)

// killedAt begins a drill and kills it with SIGKILL once it has said something.
func (p *sitePair) killedAt(t *testing.T, page, said string, set ...string) {
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
	c := p.command(append([]string{"run", "--plain", "--accept", digest[1]}, args...)...)
	var out safe
	c.Stdout, c.Stderr = &out, &out
	must(t, c.Start())
	must(t, wait.For(t.Context(), "the moment to kill it", time.Minute, func(context.Context) error {
		return out.has(said)
	}))
	must(t, c.Process.Kill())
	if _, ended := errors.AsType[*exec.ExitError](c.Wait()); !ended {
		t.Fatalf("it has ended by itself: %s", out.String())
	}
}

// cutHolds: the kernel has addresses in our sets; an empty table of ours stops nothing.
const cutHolds = "nft list ruleset | sed -n '/table .* drillbook_/,$p' | grep -q 'elements ='"

// TestOwnClusterKilled: what a harness that was killed has left in force ends by itself within
// the lease and a second, and heal does the rest.
func TestOwnClusterKilled(t *testing.T) {
	onOwnCluster(t)
	p := newSitePair(t, "debian")
	text, err := os.ReadFile(p.file)
	must(t, err)
	must(t, os.WriteFile(p.file, []byte(strings.Replace(string(text), "lease: 30s", "lease: 8s", 1)), 0o600))
	for _, tt := range []struct {
		name, page, said string
		inForce          string // a command on the old primary that ends with 0 while something is
		waits            bool   // for the lease; else heal does it at once
		down             bool   // the server of the old primary, after heal
	}{
		{"cut, by itself", "postgres/network-cut", "fault holds: network of", cutHolds, true, false},
		{"cut, healed", "postgres/network-cut", "fault holds: network of", cutHolds, false, false},
		{
			"closed, by itself", "postgres/ordered-shutdown", "✔ 3.",
			"grep -q drillbook: /etc/postgresql/17/main/pg_hba.conf", true, false,
		},
		{"stopped, healed", "postgres/ordered-shutdown", "✔ 4.", "", false, false},
		{"lost, healed", "postgres/lost-primary", "fault holds: host of", "", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.killedAt(t, tt.page, tt.said, "mode=sync")
			began := time.Now()
			if tt.waits {
				must(t, wait.For(t.Context(), "the end of the lease", 12*time.Second, func(ctx context.Context) error {
					if p.root(ctx, "db1", "if "+tt.inForce+"; then echo so; fi") == "so" {
						return errors.New("it is in force")
					}
					return nil
				}))
				t.Logf("after %s nothing is in force", time.Since(began).Round(100*time.Millisecond))
			}
			code, said := p.runs("heal")
			t.Log(said)
			if tt.down { // its server is for a person to start; until then the probe's tables are on its disk
				if code != exitEnvironment || !strings.Contains(said, "was switched on, and confirmed") {
					t.Errorf("heal ended with %d", code)
				}
				p.root(t.Context(), "db1", "runuser -u postgres -- pg_ctlcluster 17 main start")
				code, _ = p.runs("heal")
			}
			if code != 0 {
				t.Errorf("heal ended with %d", code)
			}
			p.checkNothingLeft()
			if code, again := p.runs("heal"); code != 0 || strings.Contains(again, "undone") {
				t.Errorf("heal once more: %d, %s", code, again)
			}
			p.makePair("sync")
		})
	}
}
