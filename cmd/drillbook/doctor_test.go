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
