package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorNamesWhatMakesABase: it is no reason not to drill, since a registry may
// answer, but the one command is there for when none does.
func TestDoctorNamesWhatMakesABase(t *testing.T) {
	bin, w := t.TempDir(), wordsIn("en")
	t.Setenv("PATH", bin)
	see := func() string {
		var out strings.Builder
		if err := printFindings(&out, []finding{examineBootstrap("debian:sid-slim", w)}, w); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	program := func(name string) {
		err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o700)
		if err != nil {
			t.Fatal(err)
		}
	}
	const absent = "absent   mmdebstrap: needed only if no registry gives debian:sid-slim: "
	if got := see(); !strings.HasPrefix(got, absent) || !strings.Contains(got, "install that") {
		t.Errorf("without apt-get: %q", got)
	}
	program("apt-get")
	if got := see(); !strings.HasPrefix(got, absent) || !strings.Contains(got, "apt-get install -y") {
		t.Errorf("with apt-get: %q, want its command", got)
	}
	program("mmdebstrap")
	if got, want := see(), "ok       mmdebstrap: makes debian:sid-slim if no registry gives it\n"; got != want {
		t.Errorf("with mmdebstrap: %q, want %q", got, want)
	}
}

// TestDoctorLooksAtSettings: what a drill would refuse is named before it begins.
func TestDoctorLooksAtSettings(t *testing.T) {
	for _, name := range []string{"IRIS_IMAGE", "IRIS_STANDIN_SPEED", "IRIS_WEB", "DM8_IMAGE"} {
		t.Setenv(name, "")
	}
	t.Setenv("IRIS_KEY", "/nonexistent")
	for lang, what := range map[string]string{"en": "settings of iris", "zh": "iris 的设置"} {
		found := examineSettings(t.Context(), wordsIn(lang))
		if len(found) != 1 || found[0].What != what || found[0].Spare || !strings.Contains(found[0].Mend, "IRIS_KEY") {
			t.Errorf("%+v, want IRIS_KEY named in %q", found, what)
		}
	}
	t.Setenv("IRIS_KEY", "")
	if found := examineSettings(t.Context(), wordsIn("en")); len(found) != 0 {
		t.Errorf("%+v, and nothing is set", found)
	}
}
