package shell

import (
	"archive/tar"
	"context"
	"fmt"
	"path"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// File is a text file. Its last line gets an end if it has none.
type File struct{ Name, Text string }

// Write puts files into a folder, whole, as the user given; empty: the node's own.
// Those that could not be written are all named.
func Write(ctx context.Context, m driver.Member, user, dir string, files ...File) error {
	names := make([]string, 0, len(files))
	var script strings.Builder
	script.WriteString("code=0\n")
	for _, f := range files {
		names = append(names, f.Name)
		text, end := strings.TrimSuffix(f.Text, "\n")+"\n", "END"
		for strings.Contains("\n"+text, "\n"+end+"\n") {
			end += "_"
		}
		fmt.Fprintf(&script, "cat >%s <<'%s' || { echo %s >&2; code=1; }\n%s%s\n",
			host.Quote(path.Join(dir, f.Name)), end, host.Quote(f.Name+" was not written"), text, end)
	}
	script.WriteString("exit $code\n")
	c := host.Command{Argv: []string{"sh", "-s", "write", strings.Join(names, " ")}, Stdin: script.String(), User: user}
	if _, err := m.Run(ctx, c); err != nil {
		return phrase.Errorf("write %s on %s: %w", strings.Join(names, ", "), m.Name, err)
	}
	return nil
}

// Read reads a file.
func Read(ctx context.Context, m driver.Member, file string) (string, error) {
	text, err := look(ctx, m.Node, "cat", file)
	if err != nil {
		return "", phrase.Errorf("read %s on %s: %w", file, m.Name, err)
	}
	return text, nil
}

// Carry copies a folder from one member to another, as scp -r does, and says what
// it has copied. The harness is the way, since the nodes have no way to log in to
// each other; it holds all of it in memory.
func Carry(ctx context.Context, from, to driver.Member, dir string) (phrase.Phrase, error) {
	parent, name := path.Split(dir)
	archive, err := look(ctx, from.Node, "tar", "-C", parent, "-cf", "-", name)
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("read %s on %s: %w", dir, from.Name, err)
	}
	if _, err := tar.NewReader(strings.NewReader(archive)).Next(); err != nil {
		return phrase.Phrase{}, phrase.Errorf("read %s on %s: it is no archive: %w", dir, from.Name, err)
	}
	in := host.Command{Argv: []string{"sh", "-c", `mkdir -p "$1" && tar -C "$1" -xf -`, "copy", parent}, Stdin: archive}
	if _, err := to.Run(ctx, in); err != nil {
		return phrase.Phrase{}, phrase.Errorf("write %s on %s: %w", dir, to.Name, err)
	}
	return phrase.Say("%s copied from %s to %s, %d bytes", dir, from.Name, to.Name, len(archive)), nil
}
