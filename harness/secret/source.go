package secret

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"drillbook/harness/phrase"
)

// Source says where a secret is kept. One field is set, or none: then there is no secret.
type Source struct {
	Env     string   `json:"env,omitempty"`     // a variable of the environment
	File    string   `json:"file,omitempty"`    // a file with nothing else in its first line
	Command []string `json:"command,omitempty"` // a program that prints it as its first line
}

// commandWithin bounds the program that prints a secret, which may ask a person.
const commandWithin = time.Minute

// Resolve gets the secret, which is called so where it would stand. Nothing of it is in the
// error.
func (s Source) Resolve(ctx context.Context, name string) (Text, error) {
	var value string
	var err error
	switch {
	case s.Env != "":
		if value = os.Getenv(s.Env); value == "" {
			err = phrase.Errorf("the variable %s is not set here: `export %s`", s.Env, s.Env)
		}
	case s.File != "":
		value, err = fromFile(s.File)
	case len(s.Command) > 0:
		value, err = fromCommand(ctx, s.Command)
	default:
		return Text{}, nil
	}
	if err != nil {
		return Text{}, phrase.Errorf("get the %s: %w", name, err)
	}
	return New(name, value), nil
}

// readableByOthers are the rights that a file with a secret must not give.
const readableByOthers fs.FileMode = 0o077

func fromFile(file string) (string, error) {
	about, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if about.Mode().Perm()&readableByOthers != 0 {
		return "", phrase.Errorf("others may read %s: `chmod 600 %s`", file, file)
	}
	text, err := os.ReadFile(file) //nolint:gosec // the person's own file
	if err != nil {
		return "", err
	}
	value := firstLine(text)
	if value == "" {
		return "", phrase.Errorf("the first line of %s is empty", file)
	}
	return value, nil
}

func fromCommand(ctx context.Context, argv []string) (string, error) {
	ctx, done := context.WithTimeoutCause(ctx, commandWithin,
		phrase.Errorf("it has not ended within %s", commandWithin))
	defer done()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the person's own program
	cmd.WaitDelay = time.Second                           // what it has started may keep its output open
	out, err := cmd.Output()
	_, ended := errors.AsType[*exec.ExitError](err)
	switch value := firstLine(out); {
	case ctx.Err() != nil:
		return "", phrase.Errorf("%s: %w", argv[0], context.Cause(ctx))
	case ended:
		return "", phrase.Errorf("%s has failed: run it yourself to see why", argv[0])
	case err != nil:
		return "", err
	case value == "":
		return "", phrase.Errorf("%s has printed nothing in its first line", argv[0])
	default:
		return value, nil
	}
}

func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r")
}

// IsZero reports whether there is no secret.
func (s Source) IsZero() bool { return s.Env == "" && s.File == "" && len(s.Command) == 0 }
