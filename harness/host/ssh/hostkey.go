package ssh

import (
	"errors"
	"net"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"drillbook/harness/phrase"
)

// errHostKey is wrapped when a machine's key is not the one that is known.
var errHostKey = phrase.Errorf("its host key is not known")

// hostKeys checks the key of a machine against the files of known hosts, and says with
// which algorithms to ask for it. A key is never accepted here.
func hostKeys(s settings) (ssh.HostKeyCallback, []string, error) {
	db, err := knownhosts.NewDB(s.known...)
	if err != nil {
		return nil, nil, phrase.Errorf("read the known hosts: %w", err)
	}
	check := db.HostKeyCallback()
	return func(_ string, remote net.Addr, key ssh.PublicKey) error {
		return s.explainKey(check(s.keyName(), remote, key), key)
	}, db.HostKeyAlgorithms(s.keyName()), nil
}

// explainKey says what is wrong with a key, where the one that is known stands, and what
// a person does about it.
func (s settings) explainKey(err error, key ssh.PublicKey) error {
	shown := key.Type() + " " + ssh.FingerprintSHA256(key)
	wrong, ok := errors.AsType[*xknownhosts.KeyError](err)
	switch {
	case err == nil:
		return nil
	case ok && len(wrong.Want) == 0:
		return phrase.Errorf("%w: %s is in none of the files %q: have the fingerprint confirmed by who runs %s, then "+
			"run `ssh %s` once, which asks and keeps it", errHostKey, shown, s.known, s.host, s.said)
	case ok:
		at := wrong.Want[0]
		return phrase.Errorf("%w: it says %s, and %s:%d has another: either the machine was set up anew or something "+
			"is between: ask who runs it; if it was, `ssh-keygen -R %q -f %s` forgets the old key", errHostKey, shown,
			at.Filename, at.Line, xknownhosts.Normalize(s.keyName()), at.Filename)
	}
	return phrase.Errorf("%w: %s: %w", errHostKey, shown, err)
}
