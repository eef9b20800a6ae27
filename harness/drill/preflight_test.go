package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// mixed is a database whose members say that they run what they are told.
type mixed struct {
	*fake.DB

	versions map[string]string
}

func (m mixed) Versions(_ context.Context, member driver.Member) (map[string]string, error) {
	return map[string]string{"database": m.versions[member.Name]}, nil
}

// A drill records what its preflight finds, and does not begin on a cluster that
// is not fit for it.
func TestPreflight(t *testing.T) {
	for _, tt := range []struct {
		name     string
		versions map[string]string
		want     string
	}{
		{"fit", map[string]string{"a": "17.1", "b": "17.1"}, ""},
		{"of two versions", map[string]string{"a": "17.1", "b": "17.2"}, "bring both to the same version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				db := fake.New(healthy())
				d, err := drill.Begin(t.Context(), drill.Config{
					Head:   record.Head{Run: "run", Runbook: "fake/preflight", Promise: generous()},
					Driver: mixed{db, tt.versions}, Host: db, Members: []string{"a", "b"}, Dir: dir,
				})
				if got := errors.Is(err, drill.ErrEnvironment); got != (tt.want != "") {
					t.Errorf("Begin = %v", err)
				}
				if err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Begin = %v, want an error that contains %q", err, tt.want)
				}
				if err == nil {
					if err := d.End(t.Context(), false); err != nil {
						t.Error(err)
					}
				}
				if err := db.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			found := ""
			for _, e := range rec.Events {
				if e.Kind == record.Finding && e.What == "versions" {
					found = e.Answer + e.Err
				}
			}
			if !strings.Contains(found, "17.1") || !strings.Contains(found, tt.want) {
				t.Errorf("the record says of versions %q, want %q", found, tt.want)
			}
		})
	}
}
