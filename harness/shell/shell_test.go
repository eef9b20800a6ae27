package shell_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/shell"
)

// machine is a node whose commands run on this machine.
type machine struct{ host.Node }

func (machine) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	var out, diag bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.Input()), &out, &diag
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		err = nil
	}
	return host.Answer{Stdout: out.String(), Stderr: diag.String(), Code: cmd.ProcessState.ExitCode()}, err
}

func here(name string) driver.Member { return driver.Member{Name: name, Node: machine{}} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWriteNamesEveryFileThatFailed: that the last one was written says nothing of
// the others.
func TestWriteNamesEveryFileThatFailed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here")
	must(t, os.Mkdir(dir, 0o700))
	for _, blocked := range []string{"one.ini", "three.ini"} {
		must(t, os.Mkdir(filepath.Join(dir, blocked), 0o700))
	}
	files := make([]shell.File, 0, 4)
	for _, name := range []string{"one.ini", "two.ini", "three.ini", "four.ini"} {
		files = append(files, shell.File{Name: name, Text: "KEY = 1\n"})
	}
	err := shell.Write(t.Context(), here("a"), "", dir, files...)
	if err == nil || !strings.Contains(err.Error(), "one.ini was not written") ||
		!strings.Contains(err.Error(), "three.ini was not written") ||
		strings.Contains(err.Error(), "two.ini was not") || !strings.Contains(err.Error(), "on a") {
		t.Errorf("Write = %v, want the two that could not be written", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "four.ini"))
	if err != nil || string(text) != "KEY = 1\n" {
		t.Errorf("the last file = %q, %v, want it written all the same", text, err)
	}
	must(t, shell.Write(t.Context(), here("a"), "", t.TempDir(), files...))
}

// TestFilesAreWhole: whatever stands in a file, all of it is written and read.
func TestFilesAreWhole(t *testing.T) {
	for _, text := range []string{
		"", "\n", "a", "a\n\n", "$HOME `id` \\ 'q' \"q\"\n", "END\nid\n", "a\nEND\nEND_\n", "END", "口令\n",
		strings.Repeat("0123456789abcdef\n", 1<<16),
	} {
		dir := t.TempDir()
		must(t, shell.Write(t.Context(), here("a"), "", dir, shell.File{Name: "f", Text: text}, shell.File{Name: "g"}))
		got, err := shell.Read(t.Context(), here("a"), filepath.Join(dir, "f"))
		if want := strings.TrimSuffix(text, "\n") + "\n"; err != nil || got != want {
			t.Errorf("%.40q reads %.40q, %v", want, got, err)
		}
	}
	_, err := shell.Read(t.Context(), here("a"), filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), "none on a: ") || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("a file that is not there = %v, want where and why", err)
	}
}

func TestCarry(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "set")
	must(t, os.MkdirAll(filepath.Join(dir, "deep"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "deep", "page"), []byte("\x00\xff\r\n"), 0o600))
	found, err := shell.Carry(t.Context(), here("a"), elsewhere(t, base), dir)
	if err != nil || !strings.Contains(found.Text, "set copied from a to b, ") {
		t.Errorf("Carry = %q, %v", found, err)
	}
	got, err := os.ReadFile(filepath.Join(base, "b", dir, "deep", "page"))
	if err != nil || string(got) != "\x00\xff\r\n" {
		t.Errorf("what came = %q, %v", got, err)
	}
	_, err = shell.Carry(t.Context(), here("a"), here("b"), filepath.Join(base, "none"))
	if err == nil || !strings.Contains(err.Error(), "none on a: ") {
		t.Errorf("Carry of what is not there = %v, want where", err)
	}
	if _, err := shell.Carry(t.Context(), deaf("a"), here("b"), dir); err == nil ||
		!strings.Contains(err.Error(), "it is no archive") {
		t.Errorf("Carry of nothing = %v, want that it is no archive", err)
	}
}

// apart is a node with files of its own, below a folder.
type apart struct {
	machine
	root string
}

func (n apart) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	c.Argv[len(c.Argv)-1] = filepath.Join(n.root, c.Argv[len(c.Argv)-1])
	return n.machine.Exec(ctx, c)
}

func elsewhere(t *testing.T, base string) driver.Member {
	t.Helper()
	return driver.Member{Name: "b", Node: apart{root: filepath.Join(base, "b")}}
}

// silent is a node on which every command works, and prints nothing.
type silent struct{ host.Node }

func (silent) Exec(context.Context, host.Command) (host.Answer, error) { return host.Answer{}, nil }

func deaf(name string) driver.Member { return driver.Member{Name: name, Node: silent{}} }

func TestEach(t *testing.T) {
	all := []driver.Member{here("a"), here("b"), here("c")}
	var met sync.WaitGroup // or each waits for the others for ever
	met.Add(len(all))
	err := shell.Each(all, func(m driver.Member) error {
		met.Done()
		met.Wait()
		return fmt.Errorf("no %s", m.Name)
	})
	for _, m := range all {
		if !strings.Contains(err.Error(), "no "+m.Name) {
			t.Errorf("Each = %v, want an error of each", err)
		}
	}
}
