package ssh

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

const (
	// killWithin bounds the end of a command that was given up.
	killWithin = 5 * time.Second
	// closeWithin bounds the removal of what is left on a machine.
	closeWithin = 20 * time.Second
)

// numbered runs its arguments behind the first, which names a file for the number of the
// process. All that they start is in one session of its own, and so can be ended.
// What the shell itself would say of their end, where it stands, is not theirs.
const numbered = `echo $$ >"$0"; exec 3>&2 2>/dev/null; ("$@" 2>&3 3>&-); code=$?; rm -f "$0"; exit $code`

// Exec runs a command as its user.
func (n *Node) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	as := n.asUser(c.User)
	if c.User == root { // for whom sudo allows single commands only, which are short
		answer, err := n.remote(ctx, "cd / && exec "+host.Quoted(slices.Concat(as, c.Argv)...), c.Input())
		answer, err = n.answer(answer.Hide(c.Secrets...), err, c)
		return answer, errors.Join(err, n.lacks(ctx, err, c.Argv[0]))
	}
	file := n.file("pid")
	argv := slices.Concat(as, n.environment(), []string{"setsid", "-w", "sh", "-c", numbered, file}, c.Argv)
	answer, err := n.remote(ctx, "cd / && exec "+host.Quoted(argv...), c.Input())
	if err != nil && ctx.Err() != nil {
		n.kill(ctx, as, file)
		err = context.Cause(ctx)
	}
	return n.answer(answer.Hide(c.Secrets...), err, c)
}

// answer takes a refusal of sudo for what it is: nothing was run.
func (n *Node) answer(a host.Answer, err error, c host.Command) (host.Answer, error) {
	if err != nil {
		return host.Answer{}, phrase.Errorf("run a command on %s: %w", n.m.Name, err)
	}
	if a.Code == 1 && a.Stdout == "" && strings.HasPrefix(a.Stderr, "sudo: ") {
		return host.Answer{}, phrase.Errorf("run a command on %s: %s", n.m.Name, n.sudoAdvice(a, c.User, c.Argv[0]))
	}
	return a, nil
}

// lacks reports that sudo has refused a program that is not there: it says so only of
// programs that it allows by any path.
func (n *Node) lacks(ctx context.Context, refused error, program string) error {
	if refused == nil {
		return nil
	}
	found, err := n.login(ctx, "PATH=$PATH:/usr/sbin:/sbin; command -v "+host.Quote(program))
	if err != nil || found.Code == 0 {
		return nil //nolint:nilerr // that it was refused is known already
	}
	return phrase.Errorf("%s has no %s: install it there", n.m.Name, program)
}

// sudoAdvice says what to do where sudo refuses to run a command as a user.
func (n *Node) sudoAdvice(a host.Answer, user, command string) phrase.Phrase {
	if !strings.Contains(a.Stderr, "sudo: ") {
		return phrase.Quote(strings.TrimSpace(a.Stderr))
	}
	login := cmp.Or(n.conn.loggedIn(), "LOGIN")
	line := runAs(login, cmp.Or(user, n.m.User))
	if user == root {
		line = asRoot(login, command)
	}
	return phrase.Say("%s: sudo must let %s do this: write `%s` into /etc/sudoers.d/drillbook there; "+
		"`drillbook site sudoers` prints all that is needed", briefly(a), login, line)
}

// kill ends what a command that was given up still runs, by the number that it has written
// down.
func (n *Node) kill(ctx context.Context, as []string, file string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), killWithin)
	defer done()
	const kill = `tries=0; until [ -s "$0" ]; do tries=$((tries + 1)) && [ $tries -lt 10 ] && sleep 0.1 || exit 0; done
read -r pid <"$0"; kill -s KILL -- "-$pid" 2>/dev/null || kill -s KILL "$pid"; rm -f "$0"`
	// If the machine does not answer, nothing can be ended there.
	_, _ = n.remote(ctx, "exec "+host.Quoted(slices.Concat(as, []string{"sh", "-c", kill, file})...), "")
}

// login runs a line of shell as who has logged in.
func (n *Node) login(ctx context.Context, line string) (host.Answer, error) {
	return n.remote(ctx, line, "")
}

// remote runs a line of shell and gives what it prints, without what the login shell has
// printed before. It ends when the context does; the line may then still run.
func (n *Node) remote(ctx context.Context, line, stdin string) (host.Answer, error) {
	s, err := n.conn.session(ctx)
	if err != nil {
		return host.Answer{}, err
	}
	var out, errs bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = strings.NewReader(stdin), &out, &errs
	done := make(chan error, 1)
	n.conn.all.Go(func() {
		defer s.free()
		done <- s.Run(n.behindMark(line))
	})
	select {
	case err = <-done:
	case <-ctx.Done():
		_ = s.Close() // the connection's end ends the rest
		return host.Answer{}, context.Cause(ctx)
	}
	code, err := codeOf(err)
	if err != nil {
		return host.Answer{}, err
	}
	stdout, ok := n.afterMark(out.String())
	stderr, _ := n.afterMark(errs.String())
	if !ok {
		return host.Answer{}, phrase.Errorf("the login shell of %s runs no command, it says: %s", n.m.Reach,
			strings.TrimSpace(out.String()+errs.String()))
	}
	return host.Answer{Stdout: stdout, Stderr: stderr, Code: code}, nil
}

// codeOf is the code with which a command has ended, as a shell says it.
func codeOf(err error) (int, error) {
	const killed = 128 + 9
	if ended, ok := errors.AsType[*ssh.ExitError](err); ok {
		if ended.Signal() != "" {
			return killed, nil
		}
		return ended.ExitStatus(), nil
	}
	if errors.Is(err, io.EOF) {
		err = nil // it has not read all of its input
	}
	return 0, err
}

// behindMark is a line of shell as the login shell gets it, whichever that is: sh reads it
// from letters that mean nothing to any. It marks where its own output begins.
func (n *Node) behindMark(line string) string {
	script := "echo " + n.mark + "; echo " + n.mark + " >&2; " + line
	return `exec sh -c 'eval "$(echo "$0" | base64 -d)"' ` + base64.StdEncoding.EncodeToString([]byte(script))
}

// afterMark is what was printed behind the mark; it reports whether there is one.
func (n *Node) afterMark(said string) (string, bool) {
	_, own, ok := strings.Cut(said, n.mark+"\n")
	return own, ok
}
