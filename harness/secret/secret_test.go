package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/secret"
)

const value = "p<w\"d & 7"

// holder has a secret where fmt asks no method.
type holder struct {
	hidden secret.Text
	Shown  secret.Text
	all    map[string][]secret.Text
}

func TestSecretsArePrintedAsMasks(t *testing.T) {
	s := secret.New("password of nobody", value)
	h := holder{s, s, map[string][]secret.Text{"a": {s}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%20v", "%T", "%!"} {
		for _, v := range []any{s, &s, h, &h, []secret.Text{s}, map[string]secret.Text{"a": s}} {
			if got := fmt.Sprintf(verb, v); shows(got) {
				t.Errorf("%s of %T shows it: %s", verb, v, got)
			}
		}
	}
	if got := fmt.Sprintf("conn u/%s@x", s); got != "conn u/‹password of nobody›@x" {
		t.Errorf("the mask in a line = %s", got)
	}
	err := fmt.Errorf("log in with %v: %w", s, errors.New("no"))
	if shows(fmt.Sprintf("%v %+v %#v", err, err, err)) || !strings.Contains(err.Error(), s.String()) {
		t.Errorf("an error shows it: %v", err)
	}
	for _, v := range []any{s, &s, h, map[string]secret.Text{"a": s}, []any{s}} {
		if b, err := json.Marshal(v); err != nil || shows(string(b)) {
			t.Errorf("JSON of %T = %s, %v", v, b, err)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s, "h", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "h", h)
	if shows(log.String()) || !strings.Contains(log.String(), s.String()) {
		t.Errorf("a log shows it: %s", log.String())
	}
	if s.Reveal() != value {
		t.Errorf("revealed = %q, want %q", s.Reveal(), value)
	}
}

func shows(text string) bool {
	const hexadecimal = "703c77"
	return strings.Contains(text, value) || strings.Contains(text, "p<w") || strings.Contains(text, hexadecimal)
}

func TestFillAndHide(t *testing.T) {
	a, b := secret.New("a", value), secret.New("b", "other")
	line := fmt.Sprintf("%s/%s@%s", a, b, a)
	typed := secret.Fill(line, a, b)
	if want := value + "/other@" + value; typed != want {
		t.Errorf("filled = %q, want %q", typed, want)
	}
	if got := secret.Hide(typed, a, b); got != line {
		t.Errorf("hidden = %q, want %q", got, line)
	}
	for what, text := range map[string]string{
		"Go": fmt.Sprintf("%q", value), "HTML": "p&lt;w&#34;d &amp; 7", "JSON": `"p\u003cw\"d \u0026 7"`,
		"an address": "x=p%3Cw%22d+%26+7", "an address, small": "x=p%3cw%22d%20%26%207",
		"hexadecimal": "x703c77226420262037", "base64": base64.StdEncoding.EncodeToString([]byte(value)),
	} {
		if got := secret.Hide(text, a); !strings.Contains(got, a.String()) || strings.Contains(got, "7") {
			t.Errorf("hidden as in %s = %q", what, got)
		}
	}
	var none secret.Text
	if got := secret.Hide(secret.Fill("all is as it was", none), none); got != "all is as it was" {
		t.Errorf("hidden without a secret = %q", got)
	}
}

// A leak that is planted must be found, in whatever file and form.
func TestLeaks(t *testing.T) {
	s, dir := secret.New("s", value), t.TempDir()
	plant := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	plant("clean.txt", "p<w"+s.String())
	if found, err := secret.Leaks(os.DirFS(dir), s); err != nil || len(found) > 0 {
		t.Errorf("leaks of a clean folder = %q, %v", found, err)
	}
	plant("a/record.jsonl", `{"what":"p\u003cw\"d \u0026 7"}`+"\n"+value)
	plant("a/b/index.html", "<p>p&lt;w&#34;d &amp; 7</p>")
	plant("c/"+"x"+value, "\x00\xff"+value+"\x00")
	want := make([]string, 0, 8)
	for i, before := range []string{"", "u", "us", "user:"} { // every place in a group of base64
		name := fmt.Sprintf("Z/%d.bin", i)
		text := before + value + "\xfe\xff and more"
		plant(name, base64.StdEncoding.EncodeToString([]byte(text))+"\n"+
			base64.URLEncoding.EncodeToString([]byte(text))+
			"\n"+hex.EncodeToString([]byte(text))+"\n"+strings.ToUpper(hex.EncodeToString([]byte(text))))
		want = append(want, name+": ‹s› stands there 4 times")
	}
	want = append(want,
		"a/b/index.html: ‹s› stands there 1 times",
		"a/record.jsonl: ‹s› stands there 2 times",
		"c/x‹s›: ‹s› stands there 1 times",
		"c/x‹s›: ‹s› is part of the name",
	)
	if found, err := secret.Leaks(os.DirFS(dir), s); err != nil || !slices.Equal(found, want) {
		t.Errorf("leaks = %q, %v, want %q", found, err, want)
	}
	if _, err := secret.Leaks(os.DirFS(filepath.Join(dir, "missing")), s); err == nil {
		t.Error("a folder that is not there has no leaks")
	}
}
