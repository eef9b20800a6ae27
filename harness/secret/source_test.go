package secret_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/secret"
)

func TestResolve(t *testing.T) {
	const hidden = "hunter2"
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
		s    secret.Source
		want string // "": an error, or none needed
		err  string
	}{
		{"none", secret.Source{}, "", ""},
		{"env", secret.Source{Env: "SHOP_PASSWORD"}, hidden, ""},
		{"no env", secret.Source{Env: "NO_SUCH_VARIABLE"}, "", "`export NO_SUCH_VARIABLE`"},
		{"file", secret.Source{File: file("a", hidden+"\r\nmore\n", 0o600)}, hidden, ""},
		{"no file", secret.Source{File: filepath.Join(dir, "no")}, "", "no such file"},
		{"file of all", secret.Source{File: file("b", hidden, 0o644)}, "", "`chmod 600 "},
		{"empty file", secret.Source{File: file("c", "\n"+hidden, 0o600)}, "", "is empty"},
		{"command", secret.Source{Command: []string{"sh", "-c", "echo hunter2; echo more"}}, hidden, ""},
		{"failing command", secret.Source{Command: []string{"sh", "-c", "echo hunter2; exit 3"}}, "", "sh has failed"},
		{"silent command", secret.Source{Command: []string{"true"}}, "", "has printed nothing"},
		{"no command", secret.Source{Command: []string{"no-such-program"}}, "", "no-such-program"},
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
	if _, err := (secret.Source{Command: []string{"sleep", "60"}}).Resolve(ended, "password"); err == nil {
		t.Error("a context that has ended is not heard")
	}
}
