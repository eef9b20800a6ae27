package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/term"
)

// canAnswer reports whether somebody may answer a question through the input: a
// person at a terminal, or a program that writes to it. Where nobody can, asking
// in the middle of a drill would only stop it there.
func canAnswer(in io.Reader) error {
	f, ok := in.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("--consent ask: nobody can answer: %w", err)
	}
	written := info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 || info.Mode().IsRegular() && info.Size() > 0
	if written || term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return fmt.Errorf("--consent ask: nobody can answer: the input (%s) is no terminal: run it from one, "+
		"or leave --consent out and every step is carried out unasked", f.Name())
}
