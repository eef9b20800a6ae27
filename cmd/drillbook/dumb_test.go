package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Where the terminal cannot move its cursor, nothing tries to.
func TestDumbTerminal(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs script(1) as Linux has it, which makes a terminal")
	}
	p := build(t)
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	for _, tt := range []struct {
		term, line string
		escapes    bool
	}{
		{"dumb", " run --host container", false},
		{"dumb", " calibrate --alone --trials 1 --rates 100", false},
		{"xterm-256color", " run --host container", true},
	} {
		typescript := filepath.Join(t.TempDir(), "typescript")
		c := exec.CommandContext(t.Context(), "script", "-qec", p.path+tt.line, typescript)
		c.Dir, c.Env = p.dir, append(os.Environ(), "TERM="+tt.term)
		out, _ := c.CombinedOutput() // what it ends with is not looked at
		if len(out) == 0 {
			t.Errorf("TERM=%s%s prints nothing", tt.term, tt.line)
		}
		if got := strings.Contains(string(out), "\x1b"); got != tt.escapes {
			t.Errorf("TERM=%s%s prints escape codes: %t, want %t: %q", tt.term, tt.line, got, tt.escapes, out)
		}
	}
}
