package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"drillbook/reports"
)

// screen is what text for people is written to. Databases, consoles and files
// have a say in that text, and none over the terminal.
type screen struct{ to io.Writer }

func (s screen) Write(b []byte) (int, error) {
	if _, err := io.WriteString(s.to, reports.Clean(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// terminal is the terminal that is written to, if its cursor can be moved: those
// that are called dumb, as in editors and in some CI servers, print what moves it.
func terminal(w io.Writer) (*os.File, bool) {
	if s, ok := w.(screen); ok {
		w = s.to
	}
	f, ok := w.(*os.File)
	name := os.Getenv("TERM")
	return f, ok && term.IsTerminal(int(f.Fd())) && name != "" && name != "dumb"
}
