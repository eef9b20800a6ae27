package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// settings are what the ssh program itself would use for a destination.
type settings struct {
	said  string // the destination, as a person types it
	file  string // that is read in place of the person's own settings; "": none is
	user  string
	host  string
	port  string
	alias string // under which its key is kept; "": host and port
	jumps []string
	keys  []string // files of private keys, those that are there
	known []string // files of known hosts, those that are there
	keeps []string // files of known hosts of the person, whether they are there or not
	agent string   // socket of the agent; "": there is none
}

// settingsOf asks the ssh program.
func settingsOf(ctx context.Context, file, destination string) (settings, error) {
	argv := []string{"-G"}
	if file != "" {
		argv = append(argv, "-F", file)
	}
	if strings.HasPrefix(destination, "-") {
		return settings{}, phrase.Errorf("%q is no destination of ssh", destination)
	}
	//nolint:gosec // the person's own ssh, with a destination that is no option
	said, err := exec.CommandContext(ctx, "ssh", append(argv, destination)...).Output()
	if bad, ok := errors.AsType[*exec.ExitError](err); ok {
		return settings{}, phrase.Errorf("ssh -G %s: %s", destination, strings.TrimSpace(string(bad.Stderr)))
	}
	if err != nil {
		return settings{}, phrase.Errorf("ask ssh how %s is reached, which needs the ssh program: %w", destination, err)
	}
	s := parseSettings(string(said))
	s.said, s.file = destination, file
	switch {
	case s.host == "" || s.port == "":
		return s, phrase.Errorf("ssh -G %s does not say where that is", destination)
	case strings.Contains(string(said), "\nproxycommand "):
		return s, phrase.Errorf("%s is reached by a ProxyCommand, which is not carried out here: write it as a "+
			"ProxyJump", destination)
	}
	return s, nil
}

// parseSettings reads what ssh -G prints: a keyword and its value a line.
func parseSettings(said string) settings {
	s := settings{agent: os.Getenv("SSH_AUTH_SOCK")}
	for line := range strings.Lines(said) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "user":
			s.user = value
		case "hostname":
			s.host = value
		case "port":
			s.port = value
		case "hostkeyalias":
			s.alias = value
		case "proxyjump":
			if value != "none" {
				s.jumps = strings.Split(value, ",")
			}
		case "identityfile":
			s.keys = appendThere(s.keys, value)
		case "userknownhostsfile":
			s.known, s.keeps = appendThere(s.known, strings.Fields(value)...), strings.Fields(value)
		case "globalknownhostsfile":
			s.known = appendThere(s.known, strings.Fields(value)...)
		case "identityagent":
			s.agent = agentSocket(value)
		}
	}
	return s
}

// agentSocket is where an agent listens, as IdentityAgent says it.
func agentSocket(value string) string {
	switch {
	case value == "none":
		return ""
	case value == "SSH_AUTH_SOCK":
		return os.Getenv(value)
	case strings.HasPrefix(value, "$"):
		return os.Getenv(strings.Trim(value, "${}"))
	}
	return expandHome(value)
}

// appendThere adds the files that are there.
func appendThere(all []string, files ...string) []string {
	for _, f := range files {
		f = expandHome(strings.Trim(f, `"`))
		if _, err := os.Stat(f); err == nil && f != os.DevNull {
			all = append(all, f)
		}
	}
	return all
}

func expandHome(file string) string {
	rest, ok := strings.CutPrefix(file, "~/")
	if home, err := os.UserHomeDir(); ok && err == nil {
		return filepath.Join(home, rest)
	}
	return file
}

// typed is how a person runs ssh for the destination, with options and what to run there.
func (s settings) typed(options string, command ...string) string {
	argv := []string{"ssh"}
	if options != "" {
		argv = append(argv, options)
	}
	if s.file != "" {
		argv = append(argv, "-F", s.file)
	}
	return host.Command{Argv: append(append(argv, s.said), command...)}.Line()
}

// address is where its sshd is dialled.
func (s settings) address() string { return net.JoinHostPort(s.host, s.port) }

// keyName is the name under which its key is kept.
func (s settings) keyName() string {
	if s.alias != "" {
		return net.JoinHostPort(s.alias, "22") // which knownhosts leaves out
	}
	return s.address()
}
