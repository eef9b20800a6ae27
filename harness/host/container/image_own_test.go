package container_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// TestOwnBase: what is built on an image of the user's own is built once that has passed its
// check, and what it lacks is said in one line.
func TestOwnBase(t *testing.T) {
	check(t, images.NetAdmin()) // skips
	shell, err := container.EnsureImage(t.Context(), images.NetAdmin(), container.Making{})
	must(t, err)
	empty, err := container.EnsureImage(t.Context(), scratch("own"), container.Making{})
	must(t, err)
	t.Cleanup(func() { removeImage(t, "drillbook/test-scratch") })
	on := func(base, script string) host.Image {
		return host.Image{
			Name: "test-own", Dockerfile: "own.Dockerfile", Base: host.Base{Reference: base, Check: script},
			Files: fstest.MapFS{
				"own.Dockerfile": {Data: []byte("ARG BASE\nFROM ${BASE}\nCOPY own.Dockerfile /stamp\n")},
			},
		}
	}
	for name, tt := range map[string]struct{ base, script, want string }{
		"lacks something": {shell, "echo initdb; exit 1", "image " + shell + " lacks initdb"},
		"no shell":        {empty, "true", "image " + empty + " runs no sh"},
		"not there":       {"localhost:1/nowhere:1", "true", "image localhost:1/nowhere:1 is not here"},
	} {
		_, err := container.EnsureImage(t.Context(), on(tt.base, tt.script), container.Making{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q in one line", name, err, tt.want)
		}
	}
	ref, err := container.EnsureImage(t.Context(), on(shell, "id -u | grep -x 0"), container.Making{})
	must(t, err)
	t.Cleanup(func() { removeImage(t, "drillbook/test-own") })
	again, err := container.EnsureImage(t.Context(), on(shell, "id -u | grep -x 0"), container.Making{})
	if again != ref {
		t.Errorf("built again as %s, %v, want %s", again, err, ref)
	}
	seen, err := container.CheckImage(t.Context(), on(shell, "echo more; exit 1"))
	if !seen.There || seen.Ref != shell || err == nil || !strings.Contains(err.Error(), "lacks more") {
		t.Errorf("CheckImage = %+v, %v, want the user's image and what it lacks", seen, err)
	}
}

// TestMissingBase: a base that nobody has says what to do.
func TestMissingBase(t *testing.T) {
	check(t, images.NetAdmin()) // skips
	img := scratch("missing")
	img.Base = host.Base{Missing: "there is none: take another"}
	if _, err := container.EnsureImage(t.Context(), img, container.Making{}); err == nil ||
		!strings.Contains(err.Error(), "there is none: take another") {
		t.Errorf("EnsureImage = %v, want what to do", err)
	}
}
