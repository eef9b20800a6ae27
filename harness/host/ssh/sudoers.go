package ssh

import (
	"context"

	"drillbook/harness/phrase"
)

// makeFolder is the command by which root makes what the folders of runs are in.
const makeFolder = "install -d -m 1777 " + folders

// Sudoers are the lines of sudoers by which whoever logs in may do what drills need, and
// nothing more: run as the database's user, whatever it is, and as root change the packet
// filter and make one folder. There are none for root, whom sudo lets do everything.
func Sudoers(login, user string) []string {
	if login == root {
		return nil
	}
	lines := []string{"Defaults:" + login + " !requiretty"}
	if user != "" && user != login {
		lines = append(lines, runAs(login, user))
	}
	return append(lines, login+" ALL=(root) NOPASSWD: "+program("nft")+", "+program(makeFolder))
}

func runAs(login, user string) string { return login + " ALL=(" + user + ") NOPASSWD: ALL" }

func asRoot(login, command string) string { return login + " ALL=(root) NOPASSWD: " + program(command) }

// program is a command as sudoers needs it: with its whole path, where Linux systems have it.
func program(command string) string {
	if command == "nft" {
		return "/usr/sbin/nft"
	}
	return "/usr/bin/" + command
}

// User is who logs in at a destination, as ssh finds it. Nothing is opened. The file is that
// which ssh reads in place of the person's own; "": that.
func User(ctx context.Context, file, destination string) (string, error) {
	s, err := settingsOf(ctx, file, destination)
	if err == nil && s.user == "" {
		err = phrase.Errorf("ssh -G %s does not say who logs in", destination)
	}
	return s.user, err
}
