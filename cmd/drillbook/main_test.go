package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/fault"
	"drillbook/runbooks"
)

// command runs a command line in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// copyRunbooks writes the runbooks to a folder, with one text replaced.
func copyRunbooks(t *testing.T, file, from, to string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, runbooks.Embedded()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(file))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s does not hold %q", file, from)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// at is where a text first stands in a runbook: file and line.
func at(t *testing.T, file, text string) string {
	t.Helper()
	page, err := fs.ReadFile(runbooks.Embedded(), file)
	must(t, err)
	before, _, found := strings.Cut(string(page), text)
	if !found {
		t.Fatalf("%s does not hold %q", file, text)
	}
	return fmt.Sprintf("%s:%d", file, 1+strings.Count(before, "\n"))
}

// Every wrong input gets one line that says what, where and what to do, its
// exit code, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const lost = "postgres/lost-primary.md"
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"unknown command", []string{"fly"}, exitUsage, `unknown command "fly"`},
		{"unknown flag", []string{"run", "--fast"}, exitUsage, "unknown flag: --fast"},
		{"a seed, when nothing of a run is random", []string{"run", "--seed", "7"}, exitUsage, "unknown flag: --seed"},
		{"unknown runbook", []string{"run", "postgres/nowhere"}, exitUsage, `carries out a runbook "postgres/nowhere"`},
		{"unknown runbook to show", []string{"show", "nowhere"}, exitUsage, "no such runbook: nowhere; there are"},
		{"no runbook to show", []string{"show"}, exitUsage, "which runbook?"},
		{"unknown product", []string{"run", "--product", "oracle"}, exitUsage, "there are dm8, iris, postgres"},
		{"unknown tier", []string{"run", "--tier", "weekly"}, exitUsage, "smoke or nightly"},
		{
			"unknown product beside a runbook",
			[]string{"run", "postgres/lost-primary", "--product", "oracle"},
			exitUsage, "there are dm8, iris, postgres",
		},
		{
			"unknown tier beside a runbook",
			[]string{"run", "postgres/lost-primary", "--tier", "weekly"},
			exitUsage, "smoke or nightly",
		},
		{"unknown host", []string{"run", "--host", "moon"}, exitUsage, "auto, container or local"},
		{"unknown language", []string{"run", "--lang", "tlh"}, exitUsage, "the languages are en, zh"},
		{"no trials", []string{"run", "--trials", "0"}, exitUsage, "at least 1"},
		{"a rate of nothing", []string{"run", "--rate", "0"}, exitUsage, "1 to 1000 writes a second"},
		{"an endless deadline", []string{"run", "--reply", "1h"}, exitUsage, "at most 10s"},
		{"a rate that is no number", []string{"run", "--rate", "NaN"}, exitUsage, "--rate NaN: 1 to 1000 writes"},
		{"a negative deadline", []string{"run", "--connect", "-1s"}, exitUsage, "-1s: at least 1ms and at most 10s"},
		{"no time for an answer", []string{"run", "--reply", "0s"}, exitUsage, "--reply 0s: at least 1ms and at most"},
		{"no time to answer", []string{"run", "--reply", "1ns"}, exitUsage, "--reply 1ns: at least 1ms and at most"},
		{"no time to connect", []string{"run", "--connect", "0"}, exitUsage, "--connect 0s: at least 1ms and at most"},
		{"a deadline of centuries", []string{"run", "--connect", "2562047h"}, exitUsage, "at most 10s"},
		{
			"more sessions than a member takes",
			[]string{"run", "postgres/lost-primary", "--rate", "490", "--reply", "2s"},
			exitUsage, "takes 400: lower --rate to 42 or --reply to 600ms",
		},
		{
			"a deadline for which a member takes too few",
			[]string{"run", "postgres/lost-primary", "--rate", "20", "--reply", "8s"},
			exitUsage, "lower --reply to 2.25s",
		},
		{
			"more sessions than a member of DM8 takes",
			[]string{"run", "dm8/takeover", "--rate", "400"},
			exitUsage, "the probe may need",
		},
		{
			"longer than a step may take",
			[]string{"run", "postgres/lost-primary", "--set", "hold=6m"},
			exitUsage, "hold=6m is longer than a step may wait for it: at most 4m0s",
		},
		{
			"apart for longer than a step may take",
			[]string{"run", "postgres/network-cut", "--set", "apart=5m"},
			exitUsage, "apart=5m is longer",
		},
		{
			"longer than a loading step may take",
			[]string{"run", "postgres/sync-check", "--set", "catchup=40m"},
			exitUsage, "catchup=40m is longer",
		},
		{
			"nobody who could answer",
			[]string{"run", "postgres/lost-primary", "--consent", "ask"},
			exitUsage, "--consent ask: nobody can answer",
		},
		{"a rate of a million", []string{"run", "--rate", "1000000"}, exitUsage, "1 to 1000 writes a second"},
		{"a parameter without value", []string{"run", "--set", "mode"}, exitUsage, "write it as name=value"},
		{"a missing folder of runbooks", []string{"list", "--runbooks", "none"}, exitUsage, "none: no such file"},
		{
			"broken front matter",
			[]string{"list", "--runbooks", copyRunbooks(t, lost, "rpo: 0", "rpo: [")},
			exitUsage, "postgres/lost-primary.md:",
		},
		{
			"duplicate step",
			[]string{"run", "--runbooks", copyRunbooks(t, lost, "## 3. Promote", "## 2. Promote")},
			exitUsage, at(t, lost, "## 3. Promote") + ": step 2 stands where step 3 is due",
		},
		{
			"missing step",
			[]string{"run", "--runbooks", copyRunbooks(t, lost, "## 3. Promote", "### Promote")},
			exitUsage, "step 4 stands where step 3 is due",
		},
		{
			"differing languages",
			[]string{"list", "--runbooks", copyRunbooks(t, "postgres/lost-primary.zh.md", "planned=5m", "planned=6m")},
			exitUsage, at(t, "postgres/lost-primary.zh.md", "## 5. ") + ": the line of attributes of step 5 differs",
		},
		{"no records", []string{"report", "."}, exitUsage, "holds no records"},
		{"no engine", []string{"run", "--host", "container"}, exitEnvironment, "no container engine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
			code, stdout, stderr := command(t, tt.args...)
			if code != tt.code {
				t.Errorf("exit code = %d, want %d", code, tt.code)
			}
			if !strings.Contains(stderr, tt.want) || !strings.HasPrefix(stderr, "drillbook: ") {
				t.Errorf("stderr = %q, want a line that contains %q", stderr, tt.want)
			}
			if strings.Count(strings.TrimSpace(stderr), "\n") > 0 {
				t.Errorf("stderr has more than one line: %q", stderr)
			}
			if stdout != "" {
				t.Errorf("stdout = %q, want nothing", stdout)
			}
			if left, _ := filepath.Glob("*"); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestListAndShow(t *testing.T) {
	code, stdout, _ := command(t, "list", "--json")
	var rows []listed
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != 0 {
		t.Fatalf("list --json: %d, %v", code, err)
	}
	for _, r := range rows {
		if r.Tier == "" {
			t.Errorf("no scenario carries out %s", r.Runbook)
		}
		if want := 4; r.Runbook == "postgres/planned-switchover" && len(r.Groups) != want {
			t.Errorf("the groups of %s are %q, want %d", r.Runbook, r.Groups, want)
		}
	}
	code, stdout, _ = command(t, "list")
	if code != 0 || strings.Count(stdout, "\n") != len(rows)+1 {
		t.Errorf("list printed %q, want a line for each of %d runbooks", stdout, len(rows))
	}
	if !regexp.MustCompile(`(?m)^postgres/planned-switchover +smoke +18 +4 `).MatchString(stdout) {
		t.Errorf("list does not show 18 steps in 4 groups:\n%s", stdout)
	}
	code, stdout, _ = command(t, "show", "postgres/planned-switchover", "--lang", "zh")
	for _, want := range []string{
		"计划内切换与回切", "\n## 测试执行\n\n", "### 产品自启动", "## 9. 从 a 切换到 b", "pg_ctl promote", "计划用时合计：41 分钟",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("show does not print %q", want)
		}
	}
}

func TestFaults(t *testing.T) {
	code, stdout, _ := command(t, "faults", "--json")
	var kinds []fault.Kind
	if err := json.Unmarshal([]byte(stdout), &kinds); err != nil || code != 0 {
		t.Fatalf("faults --json: %d, %v", code, err)
	}
	for _, lang := range []string{"en", "zh"} {
		code, stdout, _ = command(t, "faults", "--lang", lang)
		for _, k := range kinds {
			if code != 0 || !strings.Contains(stdout, k.Name+"\n") {
				t.Errorf("faults --lang %s does not list %s", lang, k.Name)
			}
			if event := slices.Contains([]string{"kill", "stop", "hang"}, k.Name); k.Lasts == event {
				t.Errorf("%s lasts: %v, want that of all but events", k.Name, k.Lasts)
			}
		}
	}
	if !strings.Contains(stdout, "吞掉所有字节") {
		t.Error("faults --lang zh is not in Chinese")
	}
}

// Drills can do without an engine where the programs are installed, and doctor
// says what brings either.
func TestDoctorWithoutEngine(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	code, stdout, _ := command(t, "doctor")
	want, wantCode := "MISSING  host container: ", exitEnvironment
	if strings.Contains(stdout, "ok       host local, image postgres: ") {
		want, wantCode = "absent   host container: ", 0
	} else if !strings.Contains(stdout, "MISSING  host local, image postgres: ") {
		t.Errorf("doctor does not speak of local: %q", stdout)
	}
	if code != wantCode || !strings.Contains(stdout, want+"no container engine") {
		t.Errorf("doctor = %d, %q, want %d and %q", code, stdout, wantCode, want)
	}
}

// Without an engine there is nothing of it to heal.
func TestHealWithoutEngine(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	code, stdout, _ := command(t, "heal")
	if code != 0 || !strings.HasPrefix(stdout, "containers were not looked for: no container engine") {
		t.Errorf("heal = %d, %q, want 0 and what was not looked for", code, stdout)
	}
}

func TestVersion(t *testing.T) {
	if code, stdout, _ := command(t, "version"); code != 0 || !strings.HasPrefix(stdout, "drillbook 0.1.0") {
		t.Errorf("version = %d, %q", code, stdout)
	}
}
