package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What drillbook beside the members could not see is refused before anything is made.
func TestBesideRefuses(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--night n.yaml", "--night: not with --beside"},
		{"--runbooks /tmp", "--runbooks: not with --beside"},
		{"--consent ask", "--consent: not with --beside"},
		{"--cover c.yaml", "--cover: not with --beside"},
		{"--host local", "not with --host local"},
		{"postgres/nothing", "postgres/nothing"},
		{"--trials 0", "--trials 0"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		args := append([]string{"run", "--beside", "--out", out}, strings.Fields(tt.args)...)
		code, _, stderr := command(t, args...)
		if code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("run --beside %s: exit code %d, %q, want %q", tt.args, code, stderr, tt.want)
		}
		if _, err := os.Stat(out); !os.IsNotExist(err) {
			t.Errorf("run --beside %s: it has made %s", tt.args, out)
		}
	}
}

// The run beside the members is told what this one was told, and where its reports go.
func TestBesideArguments(t *testing.T) {
	w := wordsIn("zh")
	cmd := runCommand(w)
	cmd.Flags().String(languageFlag, "zh", "")
	must(t, cmd.ParseFlags([]string{
		"--beside", "--yes", "--out", "x", "--set", "mode=sync", "--set", "a=b,c", "--trials", "3", "--operator", "wu",
	}))
	f := runFlags{set: []string{"mode=sync", "a=b,c"}, operator: "wu"}
	got := besideArgs(cmd, f, []string{"postgres/lost-primary"}, "/here/x", w.Lang)
	want := []string{
		"run", "--plain", "--out=/here/x", "postgres/lost-primary", "--operator=wu", "--set=mode=sync", "--set=a=b,c",
		"--trials=3", "--lang=zh",
	}
	if !slices.Equal(got, want) {
		t.Errorf("arguments = %q, want %q", got, want)
	}
	t.Setenv("DRILLBOOK_DEBIAN", "bookworm")
	t.Setenv("IRIS_IMAGE", "mine")
	t.Setenv("SECRET", "x")
	env := besideEnvironment()
	if !slices.Contains(env, "DRILLBOOK_DEBIAN=bookworm") || !slices.Contains(env, "IRIS_IMAGE=mine") ||
		slices.Contains(env, "SECRET=x") {
		t.Errorf("environment = %q", env)
	}
}

// Runs that are copied here take no folder that is there, and latest leads to them.
func TestTakeRuns(t *testing.T) {
	out := t.TempDir()
	from := filepath.Join(out, ".beside-1")
	must(t, os.MkdirAll(filepath.Join(out, "monday"), 0o750))
	must(t, os.MkdirAll(filepath.Join(from, "monday"), 0o750))
	must(t, os.WriteFile(filepath.Join(from, "monday", "index.html"), []byte("new"), 0o600))
	must(t, takeRuns(from, out, wordsIn("en")))
	text, err := os.ReadFile(filepath.Join(out, "latest", "index.html"))
	if err != nil || string(text) != "new" {
		t.Errorf("latest/index.html = %q, %v", text, err)
	}
	left, err := os.ReadDir(filepath.Join(out, "monday"))
	if err != nil || len(left) != 0 {
		t.Errorf("the folder that was there has %v, %v", left, err)
	}
	if _, err := os.Stat(from); !os.IsNotExist(err) {
		t.Errorf("%s is still there", from)
	}
}
