package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/fixtures/dm8"
	"drillbook/harness/secret"
)

// TestLeaksFindsWhatIsPlanted: every file of a run, and what was printed, is searched for
// every password of every product, which is not shown again.
func TestLeaksFindsWhatIsPlanted(t *testing.T) {
	known := dm8.New(dm8.Config{}).Secrets()
	value := known[0].Reveal()
	run := t.TempDir()
	plant := func(name, text string) {
		file := filepath.Join(run, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
	plant("dm8-takeover/record.jsonl", "conn SYSDBA/"+known[0].String())
	code, stdout, stderr := command(t, "leaks", run)
	const clean = "1 files were searched for 1 passwords: found in 0 places"
	if code != 0 || !strings.Contains(stdout, clean) {
		t.Errorf("leaks of a clean run = %d, %q, %q, want %q", code, stdout, stderr, clean)
	}
	plant("terminal", "\x1b[1mconn SYSDBA/"+value+"\x1b[0m")
	plant("dm8-takeover/index.html",
		`<img src="data:;base64,`+base64.StdEncoding.EncodeToString([]byte("SYSDBA:"+value))+`">`)
	code, stdout, stderr = command(t, "leaks", run)
	for _, want := range []string{"/terminal: ", "/dm8-takeover/index.html: ", "found in 2 places"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("leaks does not say %q: %q", want, stdout)
		}
	}
	if code != exitMissed || secret.Hide(stdout+stderr, known...) != stdout+stderr {
		t.Errorf("leaks = %d, %q, %q, want %d and no password", code, stdout, stderr, exitMissed)
	}
}

// TestLeaksOfNothing: where nothing was looked at, nothing is clean.
func TestLeaksOfNothing(t *testing.T) {
	for _, dir := range []string{t.TempDir(), "/nowhere"} {
		if code, stdout, stderr := command(t, "leaks", dir); code != exitEnvironment || stdout != "" {
			t.Errorf("leaks of %s = %d, %q, %q, want %d", dir, code, stdout, stderr, exitEnvironment)
		}
	}
}
