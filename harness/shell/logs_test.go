package shell_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drillbook/harness/shell"
)

func TestReadLogs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LOGS", dir)
	long := strings.Repeat("0123456789 abcdef\n", 100)
	for name, text := range map[string]string{
		"empty.log": "", "short.log": "one\ntwo", "long.log": long, "other.txt": "no log",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	must(t, os.Symlink("short.log", filepath.Join(dir, "z.log"))) // the same one under another name
	before := time.Now()
	read, err := shell.ReadLogs(t.Context(), named{}, 200, "^TWO|f$", "$LOGS/*.log", "$LOGS/none", dir+"/short.log")
	must(t, err)
	if read.Began.Before(before.Truncate(time.Second)) || read.Ended.Before(read.Began) || time.Since(read.Ended) < 0 {
		t.Errorf("it was read from %s to %s, and began after %s", read.Began, read.Ended, before)
	}
	got := read.Files
	if len(got) != 3 {
		t.Fatalf("%d logs, want the three: %v", len(got), got)
	}
	for i, want := range []string{"", long, "one\ntwo"} {
		l := got[i]
		if int64(len(want)) != int64(len(l.Head)+len(l.Tail))+l.Cut || !strings.HasPrefix(want, l.Head) ||
			!strings.HasSuffix(want, l.Tail) {
			t.Errorf("%s = %q … %q with %d cut", l.File, l.Head, l.Tail, l.Cut)
		}
	}
	for i, want := range []string{"", strings.TrimSpace(long), "two"} {
		if got[i].Lines != want {
			t.Errorf("the lines that were looked for in %s = %q, want %q", got[i].File, got[i].Lines, want)
		}
	}
	if l := got[1]; l.Cut == 0 || len(l.Head) > 100 || len(l.Tail) > 100 || !strings.HasPrefix(l.Tail, "0") {
		t.Errorf("a long log = %q … %q with %d cut, want whole lines of at most 100 bytes", l.Head, l.Tail, l.Cut)
	}
	if same := shell.Shorten(
		long,
		200,
	); same.Head != got[1].Head || same.Tail != got[1].Tail ||
		same.Cut != got[1].Cut {
		t.Errorf("shortened = %q … %q with %d cut", same.Head, same.Tail, same.Cut)
	}
	for i := range 20 {
		must(t, os.WriteFile(filepath.Join(dir, string(rune('a'+i))+"x.log"), []byte("a line\n"), 0o600))
	}
	read, err = shell.ReadLogs(t.Context(), named{}, 200, "", "$LOGS/*x.log")
	must(t, err)
	got = read.Files
	if got[0].Lines != "" {
		t.Errorf("nothing was looked for, and %q was found", got[0].Lines)
	}
	if len(got) != 20 || got[15].Head == "" || got[16].Head != "" || got[16].Cut != 7 {
		t.Errorf("of 20 files = %v, want the text of the first 16 and the size of the others", got)
	}
}

type named struct{ machine }

func (named) Name() string { return "a" }
