package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
)

// tool writes a program that does nothing.
func tool(t *testing.T, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755))
}

func TestFindFolder(t *testing.T) {
	dir, onPath := t.TempDir(), t.TempDir()
	t.Setenv("PATH", onPath)
	n := &host.Native{
		Programs: []string{"one", "two"},
		Folders:  []string{filepath.Join(dir, "v*", "bin")},
		Install:  map[string]string{runtime.GOOS: "brew install numbers"},
	}
	tool(t, dir, "v17", "bin", "one") // which has not all
	_, err := local.Find(host.Image{Name: "numbers", Native: n})
	if !errors.Is(err, local.ErrMissing) || !strings.Contains(err.Error(), "`brew install numbers`") {
		t.Errorf("Find = %v, want ErrMissing and the command that mends it", err)
	}
	expect := func(want string) {
		t.Helper()
		if got, err := local.FindFolder(n); err != nil || got != want {
			t.Errorf("folder = %s, %v, want %s", got, err, want)
		}
	}
	tool(t, onPath, "one")
	tool(t, onPath, "two")
	expect(onPath)
	for _, v := range []string{"v9", "v15", "v9.6"} {
		tool(t, dir, v, "bin", "one")
		tool(t, dir, v, "bin", "two")
	}
	expect(filepath.Join(dir, "v15", "bin"))
}

// What is prepared is prepared once for each state of the image, and copied.
func TestPrepare(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	image := func(text string) host.Image {
		img := idle()
		img.Files = fstest.MapFS{"make": {Data: []byte(text)}}
		img.Native.Prepare = []string{"sh", "image/make"}
		return img
	}
	const make = "head -c 8 /dev/urandom | od -An -tx1 > made; chmod 0600 made; mkdir -p deep; echo x > deep/x"
	h := open(t)
	a := launch(t, h, host.Spec{Name: "a", Image: image(make)})
	b := launch(t, h, host.Spec{Name: "b", Image: image(make)})
	c := launch(t, h, host.Spec{Name: "c", Image: image(make + "\n# other")})
	other := image(make)
	other.Native.Env = map[string]string{"LANG": "of another image"}
	d := launch(t, h, host.Spec{Name: "d", Image: other})
	made := func(n host.Node) string { return run(t, n, "cat", "made", "deep/x") }
	if made(a) != made(b) || made(a) == made(c) {
		t.Errorf("prepared = %q, %q and, of another image, %q", made(a), made(b), made(c))
	}
	if made(a) == made(d) {
		t.Error("what was prepared in another environment is taken for this one's")
	}
	run(t, a, "sh", "-c", "echo changed > made")
	if made(a) == made(b) {
		t.Error("what one node writes shows in another")
	}

	_, err := h.Launch(t.Context(), host.Spec{Name: "e", Image: image("echo half > made; echo no disk >&2; exit 4")})
	if err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("Launch = %v, want what the preparation said", err)
	}
	if left, _ := filepath.Glob(filepath.Join(local.Folder(h), "e*")); len(left) > 0 {
		t.Errorf("a preparation that failed has left %v", left)
	}
	removed, err := local.RemovePrepared()
	must(t, err)
	if len(removed) != 3 {
		t.Errorf("removed %v, want what was prepared for three images", removed)
	}
}
