package ssh

import (
	"crypto/ed25519"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// keyOf is a host key that is made from one letter.
func keyOf(t *testing.T, letter string) ssh.PublicKey {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(letter, ed25519.SeedSize)))
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

// TestHostKeys: of a key that is not the known one it is said whether one is known, in which
// file and line, and what to type, with the site's own settings of ssh.
func TestHostKeys(t *testing.T) {
	dir := t.TempDir()
	known, config := filepath.Join(dir, "known hosts"), filepath.Join(dir, "config")
	line := func(name string, key ssh.PublicKey) string {
		return name + " " + string(ssh.MarshalAuthorizedKey(key))
	}
	own := keyOf(t, "a")
	for _, tt := range []struct {
		name, known string // "": there is no file
		file        string
		class       error
		want        []string
	}{
		{"known", line("[db1.example]:2222", own), "", nil, nil},
		{
			"no file", "", config, errHostKey,
			[]string{"there is no file of known hosts (ssh names " + known, "`ssh -F " + config + " db1`"},
		},
		{
			"unknown", line("other", own), config, errHostKey,
			[]string{"nothing of [db1.example]:2222 stands in " + known, "`ssh -F " + config + " db1` once"},
		},
		{"unknown, own settings", line("other", own), "", errHostKey, []string{"`ssh db1` once"}},
		{
			"changed", "# old\n" + line("[db1.example]:2222", keyOf(t, "b")), config, errOtherKey,
			[]string{
				"is not the one that is known: it is ssh-ed25519 SHA256:", "line 2 of " + known,
				ssh.FingerprintSHA256(keyOf(t, "b")), "Only once they have confirmed the new fingerprint, " +
					"`ssh-keygen -R '[db1.example]:2222' -f '" + known + "'`", "`ssh -F " + config + " db1` asks",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := settings{said: "db1", file: tt.file, host: "db1.example", port: "2222", keeps: []string{known}}
			if tt.known != "" {
				s.known = s.keeps
				if err := os.WriteFile(known, []byte(tt.known), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			check, _, err := hostKeys(s)
			if err != nil {
				t.Fatal(err)
			}
			err = check("", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 2222}, own)
			if !errors.Is(err, tt.class) || (tt.class == nil) != (err == nil) {
				t.Fatalf("it says %v", err)
			}
			if err != nil && s.explain(err, 1).Error() != err.Error() {
				t.Errorf("it is said to be the login: %v", s.explain(err, 1))
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %v, want %q", err, want)
				}
			}
		})
	}
}
