package ssh

import (
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

var (
	// errHostKey is wrapped when nothing is known of a machine's key.
	errHostKey = phrase.Errorf("its host key is not known")
	// errOtherKey is wrapped when a machine's key is another one than the one that is known.
	errOtherKey = phrase.Errorf("its host key is not the one that is known")
)

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
	case ok && len(wrong.Want) > 0:
		return s.explainOther(wrong.Want, key)
	case ok && len(s.known) == 0:
		return phrase.Errorf("%w: it is %s, and there is no file of known hosts (ssh names %s): have the fingerprint "+
			"confirmed by who runs %s, then run `%s` once, which asks and keeps it", errHostKey, shown,
			strings.Join(s.keeps, ", "), s.host, s.typed(""))
	case ok:
		return phrase.Errorf("%w: it is %s, and nothing of %s stands in %s: have the fingerprint confirmed by who "+
			"runs %s, then run `%s` once, which asks and keeps it", errHostKey, shown,
			xknownhosts.Normalize(s.keyName()), strings.Join(s.known, ", "), s.host, s.typed(""))
	}
	return phrase.Errorf("%w: %s: %w", errHostKey, shown, err)
}

// explainOther says where another key of the machine stands than the one that it has, and what
// a person does about it.
func (s settings) explainOther(known []xknownhosts.KnownKey, key ssh.PublicKey) error {
	at := known[max(0, slices.IndexFunc(known, func(k xknownhosts.KnownKey) bool {
		return k.Key.Type() == key.Type()
	}))]
	forget := "ssh-keygen -R " + host.Quoted(xknownhosts.Normalize(s.keyName())) + " -f " + host.Quoted(at.Filename)
	return phrase.Errorf("%w: it is %s %s, and line %d of %s has %s %s: either the machine was set up anew or "+
		"something is between: ask who runs %s. Only once they have confirmed the new fingerprint, `%s` forgets the "+
		"old key, and `%s` asks and keeps the new one", errOtherKey, key.Type(), ssh.FingerprintSHA256(key), at.Line,
		at.Filename, at.Key.Type(), ssh.FingerprintSHA256(at.Key), s.host,
		forget, s.typed(""))
}
