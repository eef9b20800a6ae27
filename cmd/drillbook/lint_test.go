package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts files into a new folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// linted is what lint prints, and its exit code.
func linted(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"lint", "--lang", "en"}, args...), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

const monitorFile = "MON_DW_CONFIRM = 0\n[A]\nMON_INST_OGUID = 5\nMON_DW_IP = 10.1.1.1:5239\n"

// TestLintBadInput: each thing that is wrong with a file is one line, and the
// others are read all the same.
func TestLintBadInput(t *testing.T) {
	wide := "\xff\xfe" + strings.Join(strings.Split(monitorFile, ""), "\x00") + "\x00"
	for _, tt := range []struct {
		name, file, text string
		code             int
		want             string // the one line; empty: none
	}{
		{"GB18030 in a comment", "dmmonitor.ini", "# \xb6\xcb\xbf\xda\n" + monitorFile, 0, "may: file-encoding"},
		{"byte order mark", "dmmonitor.ini", "\xef\xbb\xbf" + monitorFile, 0, "may: file-encoding"},
		{"UTF-16", "dmmonitor.ini", wide, exitMissed, "must: file-utf16"},
		{"CRLF", "dmmonitor.ini", strings.ReplaceAll(monitorFile, "\n", "\r\n"), 0, "may: line-ends"},
		{"tabs", "dmmonitor.ini", strings.ReplaceAll(monitorFile, " = ", "\t=\t"), 0, ""},
		{
			"full-width equals sign", "dmmonitor.ini", strings.Replace(monitorFile, " = 5", " ＝ 5", 1), exitMissed,
			"must: full-width",
		},
		{
			"full-width brackets", "dmmonitor.ini", strings.Replace(monitorFile, "[A]", "［A］", 1), exitMissed,
			"must: full-width",
		},
		{"comment with #", "dmmonitor.ini", "# on\n" + monitorFile, 0, ""},
		{"comment with ;", "dmmonitor.ini", "; on\n" + monitorFile, exitMissed, "must: comment-mark"},
		{"quotes", "dmmonitor.ini", "MON_LOG_PATH = \"/var/log\"\n" + monitorFile, 0, "may: quoted-value"},
		{"a program", "dmmonitor.ini", "\x7fELF\x02\x00\x00", exitMissed, "must: file-not-text"},
		{"empty", "dmmonitor.ini", " \n", exitMissed, "must: file-empty"},
		{
			"another product's", "postgresql.conf", "listen_addresses = '*'\nwal_log_hints = on\nwal_keep_size = 1GB\n",
			0, "",
		},
		{"spoilt", "postgresql.conf", "listen_addresses = '*\n", exitMissed, "must: pg-line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := linted(t, writeTree(t, map[string]string{
				"one/" + tt.file: tt.text,
				"two/notes.txt":  "x",
			}))
			lines := strings.Split(strings.TrimSpace(out), "\n")
			found := lines[:len(lines)-1]
			if tt.name == "spoilt" { // of a line that was not read, what it was to say is missing too
				found = found[len(found)-1:]
			}
			if code != tt.code || errs != "" || tt.want == "" && len(found) > 0 ||
				tt.want != "" && (len(found) != 1 || !strings.Contains(found[0], tt.want)) {
				t.Errorf("exit %d, want %d with %q:\n%s%s", code, tt.code, tt.want, out, errs)
			}
		})
	}
}

// TestLintFolders: what is wrong with folders and archives.
func TestLintFolders(t *testing.T) {
	dir := writeTree(t, map[string]string{"g/a/dmmonitor.ini": monitorFile, "outside/dmmonitor.ini": monitorFile})
	group := filepath.Join(dir, "g")
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(group, "b")); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := linted(t, group); code != exitMissed || !strings.Contains(out, "must: link-outside") {
		t.Errorf("a link that leads out: exit %d\n%s", code, out)
	}
	file := filepath.Join(group, "a", "dmmonitor.ini")
	if code, out, _ := linted(t, file, file); code != exitMissed || !strings.Contains(out, "must: file-twice") {
		t.Errorf("a file twice: exit %d\n%s", code, out)
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(file, 0); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := linted(t, filepath.Join(group, "a")); code != exitMissed || !strings.Contains(out,
			"file-unreadable") {
			t.Errorf("no right to read: exit %d\n%s", code, out)
		}
	}
	half := writeTree(t, map[string]string{
		"h/dm.ini":     "INSTANCE_NAME = H\nMAL_INI = 1\nARCH_INI = 1\nALTER_MODE_STATUS = 0\nENABLE_OFFLINE_TS = 2\n",
		"h/dmarch.ini": "[ARCHIVE_LOCAL1]\nARCH_TYPE = LOCAL\nARCH_DEST = /h/arch\n",
	})
	if _, out, _ := linted(t, half); strings.Count(out, "must: file-missing") != 2 {
		t.Errorf("a folder without two of the files:\n%s", out)
	}
}

func TestLintTar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range []tar.Header{
		{Name: "x/dmmonitor.ini", Typeflag: tar.TypeReg},
		{Name: "x/dmmonitor.ini", Typeflag: tar.TypeReg},
		{Name: "../dmmonitor.ini", Typeflag: tar.TypeReg},
		{
			Name: "y/dm.ini", Typeflag: tar.TypeSymlink,
			Linkname: "/etc/passwd",
		},
	} {
		e.Mode = 0o600
		if e.Typeflag == tar.TypeReg {
			e.Size = int64(len(monitorFile))
		}
		if err := w.WriteHeader(&e); err != nil {
			t.Fatal(err)
		}
		if e.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(monitorFile)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "group.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := linted(t, file)
	if code != exitMissed || strings.Count(out, "file-twice") != 1 || strings.Count(out, "link-outside") != 2 ||
		errs != "" {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if err := os.WriteFile(file, b.Bytes()[:550], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := linted(t, file); code != exitMissed || !strings.Contains(out, "file-unreadable") {
		t.Errorf("a tar that was cut: exit %d\n%s", code, out)
	}
}

func TestLintUsage(t *testing.T) {
	empty := t.TempDir()
	for _, args := range [][]string{
		{},
		{filepath.Join(empty, "nothing")},
		{empty},
		{empty, "--product", "oracle"},
		{filepath.Join(writeTree(t, map[string]string{"notes.txt": "x"}), "notes.txt")},
	} {
		code, out, errs := linted(t, args...)
		if code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

func TestLintJSONAndLanguages(t *testing.T) {
	dir := writeTree(t, map[string]string{"m/dmmonitor.ini": strings.Replace(monitorFile, "MON_DW_IP", "MON_DW_IPS",
		1)})
	_, out, _ := linted(t, "--json", dir)
	var got reportJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Must != 1 || len(got.Findings) != 1 || got.Findings[0].Code != "misspelt-key" || got.Findings[0].Line != 4 ||
		got.Findings[0].Effect == "" || got.Findings[0].Instead != "write MON_DW_IP" {
		t.Errorf("%+v", got)
	}
	if _, out, _ := linted(t, "--lang", "zh", dir); !strings.Contains(out, "应为 MON_DW_IP") {
		t.Errorf("in Chinese:\n%s", out)
	}
}
