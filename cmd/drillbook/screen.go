package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"drillbook/reports"
)

// screen writes text for people. The text may come from databases, consoles and
// files, so terminal sequences are removed from it.
type screen struct{ to io.Writer }

func (s screen) Write(b []byte) (int, error) {
	if _, err := io.WriteString(s.to, reports.Clean(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// terminal returns the terminal behind w, if its cursor can be moved. Terminals
// called dumb, as in editors and some CI servers, print the control sequences.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := fileBehind(w)
	name := os.Getenv("TERM")
	return f, ok && term.IsTerminal(int(f.Fd())) && name != "" && name != "dumb"
}

// columnsOf is how wide the terminal behind w is, 0 if there is none.
func columnsOf(w io.Writer) int {
	f, ok := fileBehind(w)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// fileBehind is the file that w writes to in the end.
func fileBehind(w io.Writer) (*os.File, bool) {
	if s, ok := w.(screen); ok {
		w = s.to
	}
	if o, ok := w.(*output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	return f, ok
}
