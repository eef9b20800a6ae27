package site_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/site"
)

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("SHOP_PASSWORD", hidden)
	for _, tt := range []struct {
		name string
		s    site.Secret
		want string // "": an error, or none needed
		err  string
	}{
		{"none", site.Secret{}, "", ""},
		{"env", site.Secret{Env: "SHOP_PASSWORD"}, hidden, ""},
		{"no env", site.Secret{Env: "NO_SUCH_VARIABLE"}, "", "`export NO_SUCH_VARIABLE`"},
		{"file", site.Secret{File: file("a", hidden+"\r\nmore\n", 0o600)}, hidden, ""},
		{"no file", site.Secret{File: filepath.Join(dir, "no")}, "", "no such file"},
		{"file of all", site.Secret{File: file("b", hidden, 0o644)}, "", "`chmod 600 "},
		{"empty file", site.Secret{File: file("c", "\n"+hidden, 0o600)}, "", "is empty"},
		{"command", site.Secret{Command: []string{"sh", "-c", "echo hunter2; echo more"}}, hidden, ""},
		{"failing command", site.Secret{Command: []string{"sh", "-c", "echo hunter2; exit 3"}}, "", "sh has failed"},
		{"silent command", site.Secret{Command: []string{"true"}}, "", "has printed nothing"},
		{"no command", site.Secret{Command: []string{"no-such-program"}}, "", "no-such-program"},
	} {
		got, err := tt.s.Resolve(t.Context(), "password of app")
		if got.Reveal() != tt.want || (err == nil) != (tt.err == "") {
			t.Errorf("%s: %d letters, %v", tt.name, len(got.Reveal()), err)
		}
		if err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), hidden) ||
			!strings.HasPrefix(err.Error(), "get the password of app: ")) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := (site.Secret{Command: []string{"sleep", "60"}}).Resolve(ended, "password"); err == nil {
		t.Error("a context that has ended is not heard")
	}
}

func TestAddresses(t *testing.T) {
	m := site.Member{Name: "db1", Public: "10.0.0.11", Private: "localhost"}
	public, private, err := m.Addresses(t.Context())
	if err != nil || public.String() != "10.0.0.11" || private.String() != "127.0.0.1" {
		t.Errorf("%s, %s, %v", public, private, err)
	}
	m.Public = "no-such-name.invalid"
	if _, _, err := m.Addresses(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "the public address of db1: no-such-name.invalid has no IPv4 address here") {
		t.Errorf("a name that does not resolve: %v", err)
	}
}
