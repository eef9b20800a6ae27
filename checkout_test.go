package drillbook_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestCheckoutsKeepLineEndings: git for Windows would give every text carriage
// returns, scripts of images too, unless it is told not to.
func TestCheckoutsKeepLineEndings(t *testing.T) {
	if _, err := os.Stat(".git"); err != nil {
		t.Skipf("this is no checkout: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "--eol").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for line := range bytes.Lines(out) {
		what, name, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		fields := bytes.Fields(what) // of the index, of the folder, and what attributes say
		if len(fields) < 2 || string(fields[0]) == "i/-text" || string(fields[0]) == "i/" {
			continue
		}
		files++
		if string(fields[0]) != "i/lf" && string(fields[0]) != "i/none" {
			t.Errorf("%s is committed as %s, want LF", name, fields[0])
		}
		if !bytes.HasSuffix(bytes.TrimSpace(what), []byte("eol=lf")) {
			t.Errorf("%s gets the line endings of whoever checks it out", name)
		}
	}
	if files == 0 {
		t.Error("git lists no text")
	}
}
