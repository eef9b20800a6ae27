package container_test

import (
	"os"
	"path/filepath"
	"testing"

	"drillbook/harness/host"
)

// TestReferenceFollowsOwnSource: an image with a program of this module is a new one when
// anything that the program is made of has changed, and no sooner.
func TestReferenceFollowsOwnSource(t *testing.T) {
	source := map[string]string{
		"go.mod":           "module drillbook\n\ngo 1.26\n",
		"cmd/main.go":      "package main\n\nimport \"drillbook/part\"\n\nfunc main() { println(part.Text) }\n",
		"part/part.go":     "package part\n\nimport _ \"embed\"\n\n//go:embed text\nvar Text string\n",
		"part/text":        "hello",
		"other/other.go":   "package other\n",
		"cmd/main_test.go": "package main\n",
	}
	img := host.Image{Name: "x", Program: &host.Program{Package: "drillbook/cmd"}}
	// reference is that of the image in a new folder.
	reference := func(t *testing.T, path, text string) string {
		t.Helper()
		dir := t.TempDir()
		for name, body := range source {
			if name == path {
				body = text
			}
			file := filepath.Join(dir, filepath.FromSlash(name))
			must(t, os.MkdirAll(filepath.Dir(file), 0o700))
			must(t, os.WriteFile(file, []byte(body), 0o600))
		}
		t.Chdir(dir)
		return check(t, img).Ref
	}
	want := reference(t, "", "")
	for _, tt := range []struct {
		name, path, text string
		same             bool
	}{
		{"another folder", "", "", true},
		{"the program", "cmd/main.go", "package main\n\nfunc main() {}\n", false},
		{"a package it uses", "part/part.go", "package part\n\nvar Text = \"hello\"\n", false},
		{"a file that is embedded", "part/text", "goodbye", false},
		{"a package it does not use", "other/other.go", "package other\n\nvar Text = 1\n", true},
		{"a test", "cmd/main_test.go", "package main\n\nvar more = 1\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reference(t, tt.path, tt.text); (got == want) != tt.same {
				t.Errorf("reference = %s, before it was %s; want the same: %v", got, want, tt.same)
			}
		})
	}
	t.Run("flags of a person", func(t *testing.T) {
		t.Setenv("GOFLAGS", "-tags=mine -race")
		if got := reference(t, "", ""); got != want {
			t.Errorf("reference = %s, want %s", got, want)
		}
	})
}
