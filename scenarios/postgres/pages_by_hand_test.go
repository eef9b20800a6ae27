package postgres_test

import (
	"strings"
	"testing"

	"drillbook/fixtures/postgres"
)

// TestPagesByHand follows the pages that promote, rejoin and rebuild on a cluster
// that drillbook did not make, with slots, passwords and a third member, one
// after the other. At the end of each, all standbys follow the one primary.
func TestPagesByHand(t *testing.T) {
	s := newSite(t)
	s.together(t, "a", "b", "c")
	s.run(t, "c", "export PGPASSFILE=~/own\n"+postgres.ConsistencyScript) // it reads settings that hold the password
	if said := s.run(t, "c", "export PGPASSFILE=~/own\n"+postgres.PathsScript); strings.Count(said, "\n") != 4 {
		t.Errorf("paths.sh lists the folder of the data and three files; it said %q", said)
	}
	s.ask(t, "a", "CREATE UNLOGGED TABLE scratch (id int)")
	said := s.run(t, "a", "export PGPASSFILE=~/own\n"+postgres.UnreplicatedScript)
	if said != "unlogged table postgres.scratch\n" {
		t.Errorf("unreplicated.sh said %q, want the table alone", said)
	}
	s.ask(t, "a", "DROP TABLE scratch")
	if said := s.run(t, "a", "export PGPASSFILE=~/own\n"+postgres.UnreplicatedScript); said != "" {
		t.Errorf("unreplicated.sh said %q, want nothing", said)
	}
	for _, page := range []struct {
		name   string
		follow func(t *testing.T, w *walker)
	}{
		{"planned-switchover", switchOver},
		{"lost-primary", losePrimary},
		{"network-cut", cutNetwork},
	} {
		if !t.Run(page.name, func(t *testing.T) { page.follow(t, walk(t, s, page.name)) }) {
			return // the next one begins where this one ends
		}
	}
}

func switchOver(t *testing.T, w *walker) {
	t.Helper()
	w.steps(t, "Check the replication settings", "Confirm that the standby is in sync", "Switch over from a to b")
	w.done(t)
	w.swapped = !w.swapped // which is how the page switches back
	w.steps(t, "Switch over from a to b")
	w.done(t)
}

func losePrimary(t *testing.T, w *walker) {
	t.Helper()
	w.steps(t, "Confirm that the standby is in sync")
	w.site.kill(t, w.name("a"))
	w.without = []string{"pg_basebackup"}
	w.steps(t, "Promote the standby", "Confirm that the clients follow", "Check that the application works",
		"Rejoin the old primary as a standby", "Confirm that the pair is in sync")
	w.done(t)
}

func cutNetwork(t *testing.T, w *walker) {
	t.Helper()
	w.steps(t, "Confirm that the standby is in sync", "Take over on the standby")
	w.site.ask(t, w.name("a"), "SET synchronous_commit = local; INSERT INTO kept VALUES ('on the losing side')")
	w.without = []string{"pg_rewind", "CHECKPOINT"}
	w.steps(t, "Rebuild the old primary as a standby", "Confirm that the pair is in sync")
	w.done(t)
}
