package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"

	"drillbook/fixtures/explain"
)

// explainedBy is what explain prints for a console, or for arguments, and its exit code.
func explainedBy(t *testing.T, console string, args ...string) (code int, out, errs string) {
	t.Helper()
	if console != "" {
		name := filepath.Join(t.TempDir(), "console.txt")
		if err := os.WriteFile(name, []byte(console), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if !slices.Contains(args, "--lang") {
		args = append([]string{"--lang", "en"}, args...)
	}
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"explain"}, args...), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// TestExplainCode: the first line is the answer.
func TestExplainCode(t *testing.T) {
	for _, tt := range []struct {
		args  string
		code  int
		first string // line
		with  string // further down
	}{
		{"2105", 0, "#2105 (InterSystems IRIS): The database cannot be made as a mirrored one here", "do ^DBREST"},
		{"#2105 --lang zh", 0, "#2105（InterSystems IRIS）：该库在主成员上", "处置：在主成员备份"},
		{"-8400", 0, "-8400 (DM8): Takeover refused", "takeover force"},
		{"[-8400]", 0, "-8400 (DM8): Takeover refused", ""},
		{"8400", 0, "-8400 (DM8): Takeover refused", ""},
		{"-8400 --lang zh", 0, "-8400（DM8）：拒绝接管", "处置："},
		{"40001", 0, "40001 (PostgreSQL): Two transactions", "Nothing of the transaction was done."},
		{"40p01", 0, "40P01 (PostgreSQL): Two transactions waited", ""},
		{"53999", 0, "53999 (PostgreSQL; of its class, 53000): The server lacks", "The statement had no effect"},
		{"22012", 0, "22012 (PostgreSQL): The statement divides by zero", "The statement had no effect"},
		{"57P01", 0, "57P01 (PostgreSQL): The server ended the session. Whether", ""},
		{"<PROTECT>", 0, "<PROTECT> (InterSystems IRIS): What is to be changed is read-only", ""},
		{"2111", 0, "2111 is known of several products: InterSystems IRIS, DM8. --product iris|dm8", "-2111 (DM8): "},
		{"2111 --product dm8", 0, "-2111 (DM8): The statement names a column", ""},
		{"-2111", 0, "-2111 (DM8): ", ""},
		{"2199", exitMissed, "2199: not known here. Nearest: iris #2179", "Status.Error(2199)"},
		{"-8343", exitMissed, "-8343: not known here. Nearest: dm8 -8344", "v$err_info where code = -8343"},
		{"2199 2105", 0, "2199: not known here.", "#2105 (InterSystems IRIS)"},
		{"2105 --product mysql", exitUsage, "", ""},
		{"nowhere.txt", exitUsage, "", ""},
		{"2105 nowhere.txt", exitUsage, "", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, out, errs := explainedBy(t, "", strings.Fields(tt.args)...)
			if code != tt.code || !strings.HasPrefix(out, tt.first) || !strings.Contains(out, tt.with) ||
				(errs == "") != (tt.code != exitUsage) || strings.Count(errs, "\n") > 1 {
				t.Errorf("exit %d, want %d, with %q and %q:\n%s%s", code, tt.code, tt.first, tt.with, out, errs)
			}
		})
	}
}

const someConsole = `%SYS>do ^MIRROR
ERROR #2105: Matching mirrored DB A in member B was not created as mirrored DB
nothing
[monitor]         2031-02-03 04:05:06: takeover failed, code=-8400
ERROR:  40001: could not serialize access
ERROR #2105: Matching mirrored DB C in member B was not created as mirrored DB
ERROR #2198: nobody knows
`

func TestExplainConsole(t *testing.T) {
	code, out, errs := explainedBy(t, someConsole)
	want := []string{
		"2: ERROR #2105: Matching mirrored DB A",
		"  #2105 (InterSystems IRIS): The database",
		"    Do: Back it up",
		"    Why: Its data",
		"4: [monitor]",
		"  -8400 (DM8): Takeover refused",
		"5: ERROR:  40001",
		"  40001 (PostgreSQL): ",
		"6: ERROR #2105",
		"  #2105 (InterSystems IRIS): as in line 2",
		"7: ERROR #2198",
		"  #2198 (InterSystems IRIS): not known here, see the end",
		"\nFound, in",
		"  2 × #2105 (InterSystems IRIS), lines 2 to 6\n",
		"  1 × -8400 (DM8), line 4\n",
		"\n#2198: not known here. Nearest: iris #21",
		"\n7 lines read, 4 of them explained: 3 codes and wordings known, 1 not\n",
	}
	rest := out
	for _, part := range want {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("no %q, or not in this order, in\n%s", part, out)
		}
		rest = after
	}
	if code != 0 || errs != "" || !strings.HasPrefix(out, want[0]) {
		t.Errorf("exit %d, %s\n%s", code, errs, out)
	}
	if code, out, _ := explainedBy(t, "nothing here\n"); code != exitMissed || strings.Count(out, "\n") != 2 {
		t.Errorf("a console in which nothing is known: exit %d\n%s", code, out)
	}
	if _, out, _ := explainedBy(t, someConsole, "--product", "dm8"); strings.Contains(out, "#2105") {
		t.Errorf("of DM8 alone:\n%s", out)
	}
}

// TestExplainEncodings: consoles are read in all encodings, and what is no text is refused
// in one line.
func TestExplainEncodings(t *testing.T) {
	const line = "[-8400]:\xb2\xbb\xc4\xdc\xbd\xd3\xb9\xdc\n" // 不能接管
	wide := "\xff\xfe" + strings.Join(strings.Split("[-8400]\n", ""), "\x00") + "\x00"
	for name, raw := range map[string]string{
		"GB18030": line, "byte order mark": "\xef\xbb\xbf[-8400]:x\n", "UTF-16": wide, "CRLF": "a\r\n[-8400]:x\r\n",
		"colours": "\x1b[31m[-8400]\x1b[0m:x\n", "progress": "[Percent:1%]\r[-8400]:x\n",
	} {
		if code, out, errs := explainedBy(t, raw); code != 0 || !strings.Contains(out, "-8400 (DM8): Takeover") {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
	}
	if _, out, _ := explainedBy(t, line); !strings.Contains(out, "不能接管") {
		t.Errorf("GB18030 is printed as\n%s", out)
	}
	for name, raw := range map[string]string{
		"a program": "\x7fELF\x02\x00\x00[-8400]", "compressed": "\x1f\x8b\x08\x00[-8400]",
	} {
		code, out, errs := explainedBy(t, raw)
		if code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 ||
			!strings.Contains(errs, "drillbook explain") {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
	}
}

// consoleJSON is what --json prints of a console.
type consoleJSON struct {
	explainedJSON

	Lines []markedJSON `json:"lines"`
	Read  int          `json:"read"`
}

func inJSON(t *testing.T, console string) consoleJSON {
	t.Helper()
	_, out, errs := explainedBy(t, console, "--json")
	var got consoleJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	return got
}

func TestExplainJSON(t *testing.T) {
	got := inJSON(t, someConsole)
	if len(got.Lines) != 5 || got.Read != 7 || len(got.Explanations) != 3 || got.Explanations[0].Lines != 2 ||
		len(got.Unknown) != 1 || got.Unknown[0].Code != "#2198" {
		t.Errorf("%+v", got)
	}
	if got := inJSON(t, "nothing\n"); len(got.Lines) != 0 || got.Read != 1 {
		t.Errorf("%+v", got)
	}
	_, out, _ := explainedBy(t, "", "2105", "2199", "--json")
	var codes explainedJSON
	if err := json.Unmarshal(
		[]byte(out),
		&codes,
	); err != nil || len(codes.Explanations) != 1 ||
		len(codes.Unknown) != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestExplanationsAreWhole: each entry says what, why and what to type, in both languages,
// and no key is there twice.
func TestExplanationsAreWhole(t *testing.T) {
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	for _, p := range explained() {
		seen := map[string]bool{}
		for _, x := range p.Table {
			for _, text := range []explain.Text{x.Means, x.Why, x.Do} {
				if text.En == "" || text.Zh == "" || han(text.En) {
					t.Errorf("%s %v: %+v", p.Name, x.Keys, text)
				}
			}
			if !han(x.Means.Zh) || !han(x.Why.Zh) {
				t.Errorf("%s %v: not in Chinese: %+v", p.Name, x.Keys, x)
			}
			for _, key := range x.Keys {
				if seen[key] {
					t.Errorf("%s: %s is there twice", p.Name, key)
				}
				seen[key] = true
				if meant := p.Meant(
					key,
				); explain.IsCode(key) &&
					(len(meant) == 0 || !strings.EqualFold(meant[0], key)) {
					t.Errorf("%s: %s is taken for %v", p.Name, key, meant)
				}
			}
		}
	}
}

// endless gives one piece of a console after the other, and never holds more. Every looksEvery
// bytes it looks at how much memory is in use then.
type endless struct {
	piece      func(number int) string
	rest       string // of the current piece
	pieces     int
	left, next int // bytes
	most       uint64
}

const looksEvery = 1 << 20

func (e *endless) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if e.left <= e.next {
		e.next = e.left - looksEvery
		e.most = max(e.most, inUse())
	}
	if e.rest == "" {
		e.rest = e.piece(e.pieces)
		e.pieces++
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	e.left -= n
	return n, nil
}

// inUse is the memory that is in use, without garbage.
func inUse() uint64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

// TestExplainMemory: how much memory is taken depends neither on how long a console is nor on how
// long its lines are, nor on how many codes it has. What is no text is not read on.
func TestExplainMemory(t *testing.T) {
	const most = 8 << 20
	size := 16 << 20
	if !testing.Short() {
		size = 200 << 20
	}
	log := strings.Repeat("2031-02-03 04:05:06.007 [INFO] database P0000000001 checkpoint done\n", 500)
	some := log + "端口 ERROR #2105: refused\n"
	always := func(text string) func(int) string { return func(int) string { return text } }
	for _, c := range []struct {
		name  string
		piece func(int) string
		share int // of the size
		code  int
	}{
		{"lines", always(some), 1, 0},
		{"GB18030", always(inGB18030(t, some)), 1, 0},
		{"one line", always(strings.ReplaceAll(log, "\n", " ")), 1, exitMissed},
		{"codes", func(n int) string { return fmt.Sprintf("[monitor] x code=-%d\n", 300000+n) }, 4, exitMissed},
		{"a program", always("\x7fELF\x02\x01\x00\x00" + log), 1, exitUsage},
	} {
		before := inUse()
		in := &endless{piece: c.piece, left: size / c.share, next: size / c.share}
		if code := explainedFrom(in); code != c.code {
			t.Errorf("%s: exit %d, want %d", c.name, code, c.code)
		}
		if in.most == 0 || in.most > before+most {
			t.Errorf("%s: %d bytes of memory, and %d before: it grows with the console", c.name, in.most, before)
		}
		if read := size/c.share - in.left; (read > size/2/c.share) != (c.code != exitUsage) {
			t.Errorf("%s: %d of %d bytes were read", c.name, read, size/c.share)
		}
	}
}

// explainedFrom is the exit code of explain for what it reads from stdin.
func explainedFrom(in io.Reader) int {
	err := explainer{out: io.Discard, w: wordsIn("en"), among: explained()}.console(in, "-")
	if err == nil {
		return 0
	}
	return codeOf(err)
}

// inGB18030 is a text as old consoles write it.
func inGB18030(t *testing.T, text string) string {
	t.Helper()
	said, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// codesIn are the codes that a person sees in a console of DM8 or IRIS, read by other
// expressions than those of the adapters.
func codesIn(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") { // where it is from
			continue
		}
		codes := regexp.MustCompile(`\[(-\d+)\]|code ?[=:(] ?(-\d+)|CODE:\[(-\d+)\]`)
		for _, m := range codes.FindAllStringSubmatch(line, -1) {
			all = append(all, m[1]+m[2]+m[3])
		}
		for _, m := range regexp.MustCompile(`(?:ERROR|错误) (#\d+)`).FindAllStringSubmatch(line, -1) {
			all = append(all, m[1])
		}
	}
	return all
}

// TestExplainTranscripts: each code of a console is explained or listed as unknown.
// TRANSCRIPTS names a folder of real ones, from the root of the repository.
func TestExplainTranscripts(t *testing.T) {
	dirs := []string{
		"../../fixtures/dm8/console/testdata/transcripts",
		"../../fixtures/iris/console/testdata/transcripts",
	}
	if real := os.Getenv("TRANSCRIPTS"); real != "" {
		if !filepath.IsAbs(real) {
			real = filepath.Join("../..", real)
		}
		dirs = append(dirs, filepath.Join(real, "dm8"), filepath.Join(real, "iris"))
	}
	seen := 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no consoles in %s: %v", dir, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw)
			got := inJSON(t, text)
			var listed, unknown []string
			for _, x := range got.Explanations {
				listed = append(listed, x.Code)
			}
			for _, u := range got.Unknown {
				unknown = append(unknown, u.Code)
			}
			for _, code := range codesIn(text) {
				seen++
				if !slices.Contains(listed, code) && !slices.Contains(unknown, code) {
					t.Errorf("%s: %s is neither explained nor listed as unknown", file, code)
				}
			}
			t.Logf("%s: explained %v, unknown %v", filepath.Base(file), listed, unknown)
		}
	}
	if seen < 10 {
		t.Errorf("only %d codes", seen)
	}
}
