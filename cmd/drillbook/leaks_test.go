package main

import (
	"encoding/base64"
	"os"
	"os/exec"
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
	const clean = "1 files were searched for 2 passwords: found in 0 places"
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
	for _, dir := range []string{t.TempDir(), "/nowhere", "leaks.go"} {
		code, stdout, stderr := command(t, "leaks", dir)
		if code != exitEnvironment || stdout != "" || !strings.Contains(stderr, "look for passwords in "+dir+": ") {
			t.Errorf("leaks of %s = %d, %q, %q, want %d and the folder", dir, code, stdout, stderr, exitEnvironment)
		}
	}
}

// TestNightlySearchesWhatItMade: where latest leads, or that it is a folder, does not
// matter.
func TestNightlySearchesWhatItMade(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	script, err := filepath.Abs(filepath.Join("..", "..", "tools", "nightly.sh"))
	must(t, err)
	for _, tt := range []struct {
		name, does string
		code       int
	}{
		{"leaves nothing", "true", 0},
		{"leaves a clean run", `mkdir out/2 && echo clean >out/2/report.md`, 0},
		{"leaves a password", `mkdir out/2 && echo "$PASSWORD" >out/2/report.md`, exitMissed},
		{"prints a password", `echo "$PASSWORD"`, exitMissed},
		{"misses a promise", "exit 1", 1},
		{"lacks something, and prints a password", `echo "$PASSWORD"; exit 4`, exitEnvironment},
	} {
		for _, latest := range []string{"a link", "a folder"} {
			t.Run(tt.name+" beside "+latest, func(t *testing.T) {
				dir := t.TempDir()
				must(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
				must(t, os.Symlink(self, filepath.Join(dir, "bin", "drillbook")))
				must(t, os.MkdirAll(filepath.Join(dir, "out", "1"), 0o700))
				must(t, os.WriteFile(filepath.Join(dir, "out", "1", "report.md"), []byte("clean\n"), 0o600))
				if latest == "a link" {
					must(t, os.Symlink("1", filepath.Join(dir, "out", "latest")))
				} else {
					must(t, os.CopyFS(filepath.Join(dir, "out", "latest"), os.DirFS(filepath.Join(dir, "out", "1"))))
				}
				nightly := exec.CommandContext(t.Context(), script, "out", "sh", "-c", tt.does)
				nightly.Dir = dir
				password := dm8.New(dm8.Config{}).Secrets()[0].Reveal()
				nightly.Env = append(os.Environ(), isCommand+"=1", "PASSWORD="+password)
				out, _ := nightly.CombinedOutput() // its exit code is looked at
				if code := nightly.ProcessState.ExitCode(); code != tt.code {
					t.Errorf("exit code %d, want %d\n%s", code, tt.code, out)
				}
			})
		}
	}
}
