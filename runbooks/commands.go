package runbooks

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Command is a block of a step that a drill runs by itself:
//
//	```sh on=b
//	pg_isready
//	```
//
// It is for running and looking: whether it ends with 0 decides the step. Blocks without
// on= are what a person types, and whoever carries out the step knows how.
type Command struct {
	On     string // a member, or one of [Primary], [Standby] and [All]
	Shell  string // sh or bash
	Script string
	Row    int    // of the form that it answers, from 1; 0: none
	Where  string // file:line of its first line
}

// Whom a command may be run on besides members by their names: whoever has the role when
// it is run, or every member.
const (
	Primary = "primary"
	Standby = "standby"
	All     = "all"
)

// commands are the blocks among others, and in lists and quotes within them, that a drill
// runs.
func (r *reader) commands(s *step, blocks []ast.Node, row int) {
	for _, b := range blocks {
		// The walk's function never fails.
		_ = ast.Walk(b, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if block, ok := n.(*ast.FencedCodeBlock); ok && entering && block.Info != nil {
				r.command(s, block, row)
			}
			return ast.WalkContinue, nil
		})
	}
}

// command reads one block; one without attributes is none.
func (r *reader) command(s *step, block *ast.FencedCodeBlock, row int) {
	words := strings.Fields(string(block.Info.Segment.Value(r.source)))
	first := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, "=") })
	if first < 0 {
		return
	}
	line := r.lineOf(block.Info.Segment.Start)
	on, known := strings.CutPrefix(words[first], "on=")
	switch {
	case !known || on == "" || len(words) != 2 || first != 1:
		r.wrongAt(line, "step %d: %q is no way to run commands: write ```sh on=b with the name of a member, primary, "+
			"standby or all", s.number, strings.Join(words, " "))
		return
	case words[0] != "sh" && words[0] != "bash":
		r.wrongAt(line, "step %d: commands are run by sh or bash, not by %s", s.number, words[0])
		return
	}
	var text strings.Builder
	for i := range block.Lines().Len() {
		at := block.Lines().At(i)
		text.Write(at.Value(r.source))
	}
	if strings.TrimSpace(text.String()) == "" {
		r.wrongAt(line, "step %d: there is nothing to run on %s", s.number, on)
		return
	}
	s.commands = append(s.commands, command{on, words[0], text.String(), row, line})
}

// command is a [Command] of a page.
type command struct {
	on, shell, script string
	row, line         int
}

// sameCommands reports whether two languages run the same.
func sameCommands(s, t step) bool {
	return slices.EqualFunc(s.commands, t.commands, func(a, b command) bool {
		b.line = a.line
		return a == b
	})
}

// Unrunnable is the first step of a runbook that has no commands to run; ok is false if all
// have some.
func (b *Runbook) Unrunnable() (s Step, ok bool) {
	i := slices.IndexFunc(b.Steps, func(s Step) bool { return len(s.Commands) == 0 })
	if i < 0 {
		return Step{}, false
	}
	return b.Steps[i], true
}
