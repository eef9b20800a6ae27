package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/phrase"
	"drillbook/reports"
	"drillbook/reports/table"
	"drillbook/runbooks"
)

func TestLanguageOf(t *testing.T) {
	for _, tt := range []struct {
		all, messages, lang string // of the environment
		args                string
		want                string
	}{
		{"", "", "", "", "en"},
		{"", "", "zh_CN.UTF-8", "", "zh"},
		{"", "", "ZH_tw", "", "zh"},
		{"", "", "de_DE.UTF-8", "", "en"},
		{"", "zh_CN.UTF-8", "en_US.UTF-8", "", "zh"},
		{"C.UTF-8", "zh_CN.UTF-8", "zh_CN.UTF-8", "", "en"},
		{"zh_CN", "", "", "list --lang en", "en"},
		{"zh_CN", "", "", "list --lang=en", "en"},
		{"", "", "", "--lang zh list", "zh"},
		{"", "", "", "list --lang zh --lang en", "en"},
		{"", "", "", "list -- --lang zh", "en"},
		{"", "", "", "list --lang", "en"},
		{"zh_CN", "", "", "list --lang tlh", "zh"}, // the error is Chinese
	} {
		t.Setenv("LC_ALL", tt.all)
		t.Setenv("LC_MESSAGES", tt.messages)
		t.Setenv("LANG", tt.lang)
		if got := languageOf(strings.Fields(tt.args)); got != tt.want {
			t.Errorf("LC_ALL=%s LC_MESSAGES=%s LANG=%s drillbook %s speaks %s, want %s",
				tt.all, tt.messages, tt.lang, tt.args, got, tt.want)
		}
	}
}

// TestMachinesReadTheSame: what machines read does not depend on the language that a
// person has set for themselves.
func TestMachinesReadTheSame(t *testing.T) {
	t.Setenv("DOCKER_HOST", nowhere)
	for _, name := range []string{"list", "faults", "doctor"} {
		_, want, _ := command(t, name, "--json")
		t.Setenv("LANG", "zh_CN.UTF-8")
		_, got, _ := command(t, name, "--json")
		if got != want || isChinese(strings.ReplaceAll(got, "–", "")) && name != "doctor" {
			t.Errorf("%s --json under LANG=zh_CN.UTF-8 differs:\n%s", name, got)
		}
		if _, asked, _ := command(t, name, "--json", "--lang", "zh"); !isChinese(asked) {
			t.Errorf("%s --json --lang zh has no Chinese", name)
		}
		t.Setenv("LANG", "")
	}
}

// TestTablesSayTheSame: both languages have the same keys with the same gaps, and each
// key is said somewhere.
func TestTablesSayTheSame(t *testing.T) {
	english, chinese := readTable(t, "en"), readTable(t, "zh")
	gap := regexp.MustCompile(`\{[^}]*\}`)
	for key, text := range english {
		want, got := gap.FindAllString(text, -1), gap.FindAllString(chinese[key], -1)
		slices.Sort(want)
		slices.Sort(got)
		if chinese[key] == "" || !slices.Equal(got, want) {
			t.Errorf("%s: the Chinese text is %q, with the gaps %v, want %v", key, chinese[key], got, want)
		}
	}
	for key := range chinese {
		if english[key] == "" {
			t.Errorf("%s is not in the English table", key)
		}
	}
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(t, err)
		if !strings.HasSuffix(f, "_test.go") {
			source.Write(text)
		}
	}
	built := []string{"type.", "tier.", "view.verdict.", "role."} // from a prefix and a value
	for key := range english {
		prefixed := slices.ContainsFunc(built, func(p string) bool { return strings.HasPrefix(key, p) })
		if !prefixed && !strings.Contains(source.String(), `"`+key+`"`) {
			t.Errorf("nobody says %q", key)
		}
	}
	for _, m := range regexp.MustCompile(`(?:Say\(|failure\(w, [a-zA-Z]+, )"([a-z][a-z.-]*[a-z])"[,)]`).
		FindAllStringSubmatch(source.String(), -1) {
		if !wordsIn("en").Has(m[1]) {
			t.Errorf("nothing is said for %q", m[1])
		}
	}
}

func readTable(t *testing.T, lang string) map[string]string {
	t.Helper()
	text, err := tables.ReadFile("words/" + lang + ".txt")
	must(t, err)
	more, err := tables.ReadFile("words/watch." + lang + ".txt")
	must(t, err)
	found := map[string]string{}
	lines := strings.Split(string(text)+string(more), "\n")
	if len(lines) > 400 {
		t.Errorf("%s.txt has %d lines: cut it in two", lang, len(lines))
	}
	for n, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		if _, twice := found[key]; !ok || value == "" || twice {
			t.Errorf("%s.txt:%d: %q is no text, or one of a key that was there", lang, n+1, line)
		}
		found[key] = value
	}
	return found
}

// untranslated is what is the same in every language, one pattern for each kind: commands
// and their flags, names of runbooks, files and programs, and words of products. Whoever
// adds one makes sure that no Chinese word would say it better.
func untranslated() *regexp.Regexp {
	kinds := fault.Kinds("zh")
	faults := make([]string, len(kinds))
	for i, k := range kinds {
		faults[i] = k.Name
	}
	return regexp.MustCompile(strings.Join([]string{
		"`[^`]*`",                       // commands, settings and answers
		`\$[A-Z]+`,                      // variables of the environment
		`-{1,2}[a-z][a-z-]*`,            // flags
		`\b(?:dm8|iris|postgres)/\S+`,   // runbooks
		`\b[a-z][a-z0-9_-]*=[^\s（）·；]+`, // settings
		`\bdrillbook(?: [a-z]+)?\b`,
		`\b(?:` + strings.Join(faults, "|") + `)\b`,
		// What the hospitals' table calls its groups and rows, in English as there.
		"loaded HL7 v2, XML and other schemas", "Turn on CACHETRM logging", "Final Check and Tasks",
		`Run (?:TrakCare )?Functional Validation Tests \((?:server02|VM3) is Primary\)`,
		"Steps - Failback Strategy to Original State",
	}, "|"))
}

// TestNoLineWithoutChinese: whoever reads Chinese gets no line that has none, but of
// names.
func TestNoLineWithoutChinese(t *testing.T) {
	t.Setenv("LANG", "zh_CN.UTF-8")
	t.Setenv("DOCKER_HOST", nowhere)
	t.Chdir(t.TempDir())
	said := map[string]string{}
	add := func(args ...string) {
		_, stdout, stderr := command(t, args...)
		said[strings.Join(args, " ")] = stdout + stderr
	}
	for _, c := range rootCommand(wordsIn("zh")).Commands() {
		add("help", c.Name())
		add(c.Name(), "--help")
		add(c.Name(), "--nonsense")
		add(c.Name(), "--lang", "tlh")
	}
	for _, args := range []string{
		"", "help", "help nonsense", "doctor", "list", "faults", "nonsense", "lst", "run --trials 0", "run --trials x",
		"run --trials", "run --rate 0", "run --host moon", "run --tier weekly", "run --product oracle",
		"run --set mode", "run --connect 1h", "run --consent maybe", "run nowhere", "show", "show nowhere",
		"report", "report .",
		"report none", "leaks", "leaks .", "heal --yes", "heal --forget r1", "run --runbooks none",
		"calibrate --trials 0", "calibrate --rates 0", "run --consent ask", "run postgres/lost-primary --set mode=none",
		"run postgres/lost-primary --host container",
	} {
		add(strings.Fields(args)...)
	}
	for args, text := range said {
		checkChinese(t, args, text)
	}
}

// checkChinese finds lines without Chinese.
func checkChinese(t *testing.T, what, text string) {
	t.Helper()
	letters := regexp.MustCompile(`[A-Za-z]{2,}`)
	for line := range strings.SplitSeq(text, "\n") {
		if !isChinese(line) && letters.MatchString(untranslated().ReplaceAllString(line, "")) {
			t.Errorf("%s says, without Chinese: %q", what, line)
		}
	}
}

// TestShowIsChinese: a runbook's promise, sources and attributes are words of the
// reader's language; no page says which seed it was made from.
func TestShowIsChinese(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	for _, b := range lib {
		var out strings.Builder
		must(t, show(&out, b, wordsIn("zh")))
		for n, line := range strings.Split(out.String(), "\n") {
			switch {
			case strings.HasPrefix(line, "    "), strings.HasPrefix(line, "|"):
				continue // commands, and tables of settings
			case strings.Contains(line, "planned="), strings.Contains(line, "seed "):
				t.Errorf("%s, line %d, is for machines: %q", b.Name, n+1, line)
			case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "*计划"):
				checkChinese(t, b.Name, line)
			}
		}
		if !strings.Contains(out.String(), "依据：《") || !strings.Contains(out.String(), "\n目标：") {
			t.Errorf("%s does not say its source and promise:\n%s", b.Name, out.String())
		}
	}
	code, stdout, _ := command(t, "show", "postgres/planned-switchover", "--lang", "zh")
	if want := "*计划用时 2 分钟 · 允许宕机 1 分钟 · 执行前须征得同意*\n\n有序停止"; code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("show does not print %q", want)
	}
}

// TestListTakesTwoLines: where the table is wider than the terminal, each runbook has a
// line of figures and the title below it; no line is wider, and no name is broken.
func TestListTakesTwoLines(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	for _, lang := range reports.Languages() {
		w := wordsIn(lang)
		rows := list(lib, w)
		for _, columns := range []int{80, 100, 0} {
			var out strings.Builder
			must(t, printList(&out, rows, w, columns))
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for _, line := range lines {
				if columns > 0 && table.Columns(line) > columns {
					t.Errorf("%s at %d columns: %q is wider", lang, columns, line)
				}
			}
			for _, r := range rows {
				at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, r.Runbook+" ") })
				if at < 0 {
					t.Errorf("%s at %d columns: no line begins with %s", lang, columns, r.Runbook)
				} else if columns == 80 && !strings.HasPrefix(lines[at+1], listMargin+r.Title[:6]) {
					t.Errorf("%s: below %s stands %q, want its title", lang, r.Runbook, lines[at+1])
				}
			}
			if columns == 0 && len(lines) != len(rows)+1 {
				t.Errorf("%s: %d lines for %d runbooks", lang, len(lines), len(rows))
			}
		}
	}
}

// TestColumnsByWidth: a Chinese character takes two columns.
func TestColumnsByWidth(t *testing.T) {
	got := inColumns([][]string{{"手册", "x"}, {"abcdef", "y"}})
	if want := []string{"手册    x", "abcdef  y"}; !slices.Equal(got, want) {
		t.Errorf("inColumns = %q, want %q", got, want)
	}
}

// TestConsentNamesTheConsequence: the question says what the step changes and what the
// way back is, in a line of its own, before anybody can answer.
func TestConsentNamesTheConsequence(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	book, err := lib.Get("postgres/lost-primary")
	must(t, err)
	for lang, want := range map[string]string{
		"en": "\nabout to: 3. Promote the standby\n" +
			"Consequence: b becomes the primary; every write that it has not received is lost for good. Way back:\n" +
			"none: a can only come back as a standby of b.\ngo on? [y/N] ",
		"zh": "\n即将执行：3. 提升备库\n" +
			"后果： b 成为主库，它没有收到的写入从此丢失。回退方法： 此步不可撤销，a 只能作为 b 的备库回来。\n继续吗？[y/N] ",
	} {
		var out strings.Builder
		must(t, asker(answersFrom(strings.NewReader("y\n")), &out, 0, wordsIn(lang))(t.Context(), book.Steps[2], nil))
		if out.String() != want {
			t.Errorf("in %s the question is\n%q, want\n%q", lang, out.String(), want)
		}
	}
	var out strings.Builder
	ask := asker(answersFrom(strings.NewReader("y\n")), &out, 0, wordsIn("en"))
	must(t, ask(t.Context(), runbooks.Step{Number: 1}, nil))
	if !strings.Contains(out.String(), "does not say what this step changes") {
		t.Errorf("where the page says no consequence, the question is %q", out.String())
	}
}

// TestTold: an error of others is marked as the original for whoever reads Chinese, each
// of several on its own, and stays what it is.
func TestTold(t *testing.T) {
	w := wordsIn("zh")
	noEngine := fmt.Errorf("%w answers at x", container.ErrNoEngine)
	for _, tt := range []struct {
		err  error
		want string
	}{
		{io.EOF, "（原文）EOF"},
		{failure(w, nil, "error.no-files"), "目录里没有文件"},
		{failure(w, io.EOF, "error.read-run"), "读取运行的目录：（原文）EOF"},
		{errors.Join(io.EOF, failure(w, nil, "error.no-files")), "（原文）EOF\n目录里没有文件"},
		{noEngine, "没有可用的容器引擎：启动 Docker，或用 DOCKER_HOST 指明引擎的地址。（原文）no container engine answers at x"},
		{phrase.Errorf("%w: %s", phrase.Errorf("no port is open"), "x"), "没有端口打开：x"},
		{phrase.Errorf("stop node %s: %w", "a", io.EOF), "停止节点 a：EOF"},
		{fmt.Errorf("a: %w, b: %w", io.EOF, io.ErrNoProgress), "（原文）a: EOF, b: " + io.ErrNoProgress.Error()},
	} {
		if got := told(w, tt.err); got != tt.want {
			t.Errorf("told = %q, want %q", got, tt.want)
		}
		if got := told(wordsIn("en"), tt.err); got != tt.err.Error() {
			t.Errorf("in English told = %q, want %q", got, tt.err.Error())
		}
	}
	err := failure(w, noEngine, "error.nobody")
	if !errors.Is(err, container.ErrNoEngine) || codeOf(err) != exitEnvironment {
		t.Errorf("%v is no longer %v", err, container.ErrNoEngine)
	}
}

// TestHelpIsNoAccident: help is what is printed, with exit code 0, also of no command.
func TestHelpIsNoAccident(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"-h"}} {
		code, stdout, stderr := command(t, args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "\nCommands:\n  calibrate  ") {
			t.Errorf("%q = %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := command(t, "help", "fly"); code != exitUsage || !strings.Contains(stderr, `"fly"`) {
		t.Errorf("help fly = %d, %q", code, stderr)
	}
}

// TestLeftoverInWords: what heal asks about says who made it and when.
func TestLeftoverInWords(t *testing.T) {
	l := host.Leftover{Run: "r1", Objects: 3, Why: "no lock"}
	for lang, want := range map[string]string{
		"en": "3 containers, networks and volumes, made at an unknown time by somebody: no lock",
		"zh": "3 个容器、网络和卷，不知何时由 不知何人 建立：（原文）no lock",
	} {
		if got := leftover(l, wordsIn(lang)); got != want {
			t.Errorf("leftover = %q, want %q", got, want)
		}
	}
	var out bytes.Buffer
	agreed := confirmRemoval(t.Context(), strings.NewReader("是\n"), &out, false, wordsIn("zh"))(l)
	if !agreed || !isChinese(out.String()) {
		t.Errorf("the question is %q", out.String())
	}
}

// TestContradictionIsChinese: what a cover contradicts is told in the reader's language.
func TestContradictionIsChinese(t *testing.T) {
	wrong := []error{
		phrase.Errorf("members: there is no %s; there are %s", "z", "a, b"),
		phrase.Errorf("objectives: rpo %d is looser than the %d that %s promises", 5, 0, "x/y"),
	}
	want := "members：没有成员 z；成员有 a, b；objectives：rpo 5 比 x/y 的目标 0 宽松"
	err := contradiction(wordsIn("zh"), "error.cover-run", wrong)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "原文") {
		t.Errorf("contradiction = %v, want %q in it", err, want)
	}
}
