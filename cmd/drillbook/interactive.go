package main

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/term"

	"drillbook/reports/words"
)

// canAnswer reports whether somebody may answer a question through the input: a
// person at a terminal, or a program that writes to it. Where nobody can, asking
// in the middle of a drill would only stop it there.
func canAnswer(in io.Reader, w words.Words) error {
	f, ok := in.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return failure(w, err, "error.nobody")
	}
	written := info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 || info.Mode().IsRegular() && info.Size() > 0
	if written || term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return failure(w, nil, "error.no-terminal", "input", f.Name())
}
