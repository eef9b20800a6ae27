package paper_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/reports/paper"
)

// browser is a program in the browser's place.
func browser(t *testing.T, script string, limit time.Duration) paper.Printer {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	path := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return paper.Printer{Path: path, Limit: limit}
}

func TestPrintSaysWhatWentWrong(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"a crash": {"echo 'no good' >&2; kill -SEGV $$", "no good"},
		"no file": {"exit 0", "without a whole PDF"},
		"half a file": {
			`for a; do case $a in --print-to-pdf=*) printf %%PDF-1.4 > "${a#*=}";; esac; done`, "without a whole PDF",
		},
		"an exit code": {"exit 3", "exit status 3"},
		"much to say":  {"head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1", "xxx"},
	} {
		_, err := browser(t, tt.script, time.Minute).Print(t.Context(), []byte("<p>x"))
		crashed := !strings.Contains(tt.want, "without")
		if errors.Is(err, paper.ErrBroken) != crashed {
			t.Errorf("%s: %v is ErrBroken: %t, want %t", name, err, !crashed, crashed)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") ||
			len(err.Error()) > 600 {
			t.Errorf("%s: %v, want one line with %q", name, err, tt.want)
		}
	}
}

// TestPrintEndsWhatHangs: a browser that hangs is ended within its limit, and so is what
// it has started.
func TestPrintEndsWhatHangs(t *testing.T) {
	note := filepath.Join(t.TempDir(), "helper")
	p := browser(t, "sleep 600 & echo $! > "+note+"\nwait", 500*time.Millisecond)
	began := time.Now()
	_, err := p.Print(t.Context(), []byte("<p>x"))
	if !errors.Is(err, paper.ErrBroken) || !strings.Contains(err.Error(), "did not end within 500ms") {
		t.Errorf("Print = %v, want that it did not end", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("the helper %d still runs", pid)
	}
}

// alive reports whether a process runs; one that has ended and nobody has waited for does
// not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(state), ") Z ")
}

func TestFindSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(paper.Variable, "")
	_, err := paper.Find()
	if err == nil { // an application of macOS, by its full path
		t.Skip("there is a browser outside of PATH")
	}
	if !errors.Is(err, paper.ErrNoBrowser) || !strings.Contains(err.Error(), paper.Install()) {
		t.Errorf("Find = %v, want ErrNoBrowser and what to install", err)
	}
	t.Setenv(paper.Variable, "/no/such/browser")
	if _, err := paper.Find(); !errors.Is(err, paper.ErrNoBrowser) || !strings.Contains(err.Error(), paper.Variable) {
		t.Errorf("Find = %v, want an error that names %s", err, paper.Variable)
	}
}

func TestPages(t *testing.T) {
	if got := paper.Pages([]byte("/Type /Pages\n/Kids [] /Type /Page\n/Type/Page>>")); got != 2 {
		t.Errorf("Pages = %d, want 2", got)
	}
}
