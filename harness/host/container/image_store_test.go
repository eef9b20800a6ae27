package container_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// scratch is an image that builds in no time, unlike any other.
func scratch(stamp string) host.Image {
	return host.Image{Name: "test-scratch", Files: fstest.MapFS{
		"Dockerfile": {Data: []byte("FROM scratch\nCOPY stamp /stamp\n")},
		"stamp":      {Data: []byte(stamp)},
	}}
}

// check skips where no engine answers.
func check(t *testing.T, img host.Image) container.Image {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	seen, err := container.CheckImage(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// removeImage removes all images of a name, which must be there.
func removeImage(t *testing.T, name string) {
	t.Helper()
	removed, err := container.RemoveImages(context.WithoutCancel(t.Context()), name)
	must(t, err)
	if len(removed) == 0 {
		t.Errorf("RemoveImages(%q) removed nothing", name)
	}
	all, err := container.ListImages(context.WithoutCancel(t.Context()))
	must(t, err)
	if slices.ContainsFunc(all, func(i container.Image) bool { return i.Name == name }) {
		t.Errorf("after RemoveImages(%q) there are %v", name, all)
	}
}

func TestReferenceFollowsInputs(t *testing.T) {
	files := func(more fstest.MapFS) fs.FS {
		all := fstest.MapFS{"Dockerfile": {Data: []byte("FROM scratch")}, "run": {Data: []byte("#!/bin/sh\n")}}
		maps.Copy(all, more)
		return all
	}
	text := func(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }
	program := host.Program{Package: "m/cmd", Module: "m", Version: "v1.0.0", Sum: []byte("sum")}
	base := host.Image{Name: "x", Files: files(nil), Program: &program}
	want := check(t, base).Ref
	if got := check(t, base).Ref; got != want {
		t.Fatalf("asked twice: %s, want %s", got, want)
	}
	if name, tag, _ := strings.Cut(want, ":"); name != "drillbook/x" || len(tag) != 12 {
		t.Errorf("reference = %s, want drillbook/x and 12 digits", want)
	}
	seen := map[string]string{want: "the first"}
	for _, tt := range []struct {
		name   string
		change func(*host.Image)
		same   bool
	}{
		{"text of a file", func(i *host.Image) { i.Files = files(text("run", "#!/bin/sh\n:")) }, false},
		{"another file", func(i *host.Image) { i.Files = files(text("sub/conf", "")) }, false},
		{"no longer executable", func(i *host.Image) { i.Files = files(text("run", "# !/bin/sh\n")) }, false},
		{"base", func(i *host.Image) { i.Base = host.Base{Reference: "debian:trixie-slim", Suite: "trixie"} }, false},
		{"version", func(i *host.Image) { p := program; p.Version = "v1.0.1"; i.Program = &p }, false},
		{"sum", func(i *host.Image) { p := program; p.Sum = []byte("other"); i.Program = &p }, false},
		{"no program", func(i *host.Image) { i.Program = nil }, false},
		{"mode that the file system adds", func(i *host.Image) {
			i.Files = files(fstest.MapFS{"run": {Data: []byte("#!/bin/sh\n"), Mode: 0o755}})
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := base
			tt.change(&img)
			got := check(t, img).Ref
			if (got == want) != tt.same {
				t.Errorf("reference = %s, before it was %s; want the same: %v", got, want, tt.same)
			}
			if before, ok := seen[got]; ok && !tt.same {
				t.Errorf("reference = %s, which is also that of %s", got, before)
			}
			seen[got] = tt.name
		})
	}
}

func TestEnsureImageBuildsOnce(t *testing.T) {
	img := scratch(runName())
	if check(t, img).There {
		t.Fatal("an image that nobody can have built is there")
	}
	t.Cleanup(func() { removeImage(t, "drillbook/test-scratch") })
	var mu sync.Mutex // guards lines
	var lines []string
	refs := make([]string, 4)
	var ensuring sync.WaitGroup
	for i := range refs {
		ensuring.Go(func() {
			ref, err := container.EnsureImage(t.Context(), img, container.Making{Progress: func(line string) {
				mu.Lock()
				defer mu.Unlock()
				lines = append(lines, line)
			}})
			if err != nil {
				t.Error(err)
			}
			refs[i] = ref
		})
	}
	ensuring.Wait()
	if got := len(slices.Compact(refs)); got != 1 {
		t.Errorf("references = %v, want one", refs)
	}
	var built int
	for _, line := range lines {
		if strings.Contains(line, "built in") {
			built++
		}
	}
	if built != 1 {
		t.Errorf("built %d times, want once:\n%s", built, strings.Join(lines, "\n"))
	}
	if got := check(t, img); !got.There || got.Ref != refs[0] || got.Size == 0 || got.Made.IsZero() {
		t.Errorf("CheckImage = %+v, want it there", got)
	}
	all, err := container.ListImages(t.Context())
	must(t, err)
	if !slices.ContainsFunc(all, func(i container.Image) bool {
		return i.Ref == refs[0] && i.Name == "drillbook/test-scratch"
	}) {
		t.Errorf("ListImages = %+v, want %s among them", all, refs[0])
	}
}

func TestEnsureImageFailures(t *testing.T) {
	check(t, scratch(""))
	for _, tt := range []struct {
		name string
		img  host.Image
		want []string // in the error
	}{
		{"step that fails", host.Image{Name: "test-broken", Base: images.NetAdmin().Base, Files: fstest.MapFS{
			"Dockerfile": {Data: []byte("ARG BASE\nFROM ${BASE}\nRUN echo no space left; exit 3\n")},
		}}, []string{"drillbook/test-broken", "no space left", "code: 3"}},
		{
			"no Dockerfile",
			host.Image{Name: "test-broken", Files: fstest.MapFS{"x": {}}},
			[]string{"drillbook/test-broken", "Dockerfile"},
		},
		{"program that is not there", host.Image{
			Name: "test-broken", Files: scratch("").Files,
			Program: &host.Program{Package: "drillbook/nowhere"},
		}, []string{"test-broken", "drillbook/nowhere"}},
		{"module that its sum does not know", host.Image{
			Name: "test-broken", Files: scratch("").Files,
			Program: &host.Program{
				Package: "github.com/inconshreveable/mousetrap",
				Module:  "github.com/inconshreveable/mousetrap",
				Version: "v1.1.0",
			},
		}, []string{"test-broken", "go.sum"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ref, err := container.EnsureImage(t.Context(), tt.img, container.Making{})
			if err == nil {
				t.Fatalf("EnsureImage = %s, want an error", ref)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("EnsureImage = %q, want %q in it", err, want)
				}
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if ref, err := container.EnsureImage(ctx, scratch("never"), container.Making{}); err == nil {
			t.Errorf("EnsureImage = %s, want an error", ref)
		}
	})
}

// TestImages has all images that the project ships.
func TestImages(t *testing.T) {
	for _, img := range []host.Image{images.NetAdmin(), image.Server(), images.Toxiproxy()} {
		t.Run(img.Name, func(t *testing.T) {
			check(t, img)
			making := container.Making{Progress: func(line string) { t.Log(line) }}
			ref, err := container.EnsureImage(t.Context(), img, making)
			must(t, err)
			if got := check(t, img); !got.There || got.Ref != ref {
				t.Errorf("CheckImage = %+v, want %s to be there", got, ref)
			}
		})
	}
}

// The first thing that a fresh machine asks of testcontainers is the password
// of a registry. Nothing may have read its configuration before the reaper was
// switched off.
func TestReaperIsOffBeforeAnythingIsFetched(t *testing.T) {
	check(t, scratch("any"))
	if got := os.Getenv("TESTCONTAINERS_RYUK_DISABLED"); got != "true" {
		t.Errorf("TESTCONTAINERS_RYUK_DISABLED = %q once an engine was found, want true", got)
	}
}
