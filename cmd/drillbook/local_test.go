package main

import (
	"errors"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/scenarios"
)

// needLocal skips the test where PostgreSQL is not installed: the same drills
// are tried in containers.
func needLocal(t *testing.T) {
	t.Helper()
	if err := lacksLocal(); err != nil {
		t.Skip(err)
	}
}

// lacksLocal is why members cannot run on this machine itself, if they cannot.
func lacksLocal() error {
	for _, img := range scenarios.Images() {
		if _, err := local.Find(img); img.Native != nil && errors.Is(err, local.ErrMissing) {
			return err
		}
	}
	return nil
}

// An image that nothing on this machine can take the place of says so.
func TestFindLocalNamesTheImage(t *testing.T) {
	_, err := local.Find(host.Image{Name: "dm8"})
	if !errors.Is(err, local.ErrMissing) || !strings.Contains(err.Error(), `image "dm8"`) {
		t.Errorf("Find = %v, want ErrMissing and the image", err)
	}
}
