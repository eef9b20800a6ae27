package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/reports/table"
	"drillbook/reports/words"
)

// helpColumns is how wide help is.
const helpColumns = 100

// setHelp makes a command and those below it explain themselves in the words of the
// reader.
func setHelp(root *cobra.Command, w words.Words) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		// It is printed where a command prints, which keeps its errors.
		_, _ = io.WriteString(cmd.OutOrStdout(), help(cmd, w))
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(flagError(w, err)) })
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [" + w.Say("help.command") + "]",
		Short: w.Say("short.help"),
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(w, root, strings.Join(args, " "))
			}
			_, err = io.WriteString(cmd.OutOrStdout(), help(about, w))
			return err
		},
	})
}

// help says what a command does, and how it is called.
func help(cmd *cobra.Command, w words.Words) string {
	var s strings.Builder
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	for _, line := range table.Fold(about, helpColumns) {
		s.WriteString(line + "\n")
	}
	line := cmd.UseLine()
	if !cmd.Runnable() || !cmd.HasParent() {
		line = cmd.CommandPath() + " " + w.Say("help.command")
	}
	fmt.Fprintf(&s, "\n%s\n  %s\n", w.Say("help.usage"), strings.Replace(line, "[flags]", w.Say("help.options"), 1))
	if cmd.HasAvailableSubCommands() {
		rows := make([][2]string, 0, len(cmd.Commands()))
		for _, sub := range cmd.Commands() {
			rows = append(rows, [2]string{"  " + sub.Name(), sub.Short})
		}
		fmt.Fprintf(&s, "\n%s\n", w.Say("help.commands"))
		pairOff(&s, rows)
	}
	writeFlags(&s, w, "help.flags", cmd.LocalNonPersistentFlags())
	writeFlags(&s, w, "help.every", cmd.Root().PersistentFlags())
	if cmd.HasAvailableSubCommands() {
		command := cmd.CommandPath() + " " + w.Say("help.command")
		s.WriteString("\n" + w.Say("help.more", "command", command) + "\n")
	}
	return s.String()
}

// writeFlags writes flags with what they take and their defaults.
func writeFlags(s *strings.Builder, w words.Words, title string, flags *pflag.FlagSet) {
	var rows [][2]string
	flags.VisitAll(func(f *pflag.Flag) {
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		if kind := f.Value.Type(); kind != "bool" {
			name += " " + w.Say("type."+kind)
		}
		said := f.Usage
		switch f.DefValue {
		case "", "0", "0s", "[]", "false":
		default:
			said += w.Say("help.default", "value", f.DefValue)
		}
		rows = append(rows, [2]string{name, said})
	})
	if len(rows) > 0 {
		fmt.Fprintf(s, "\n%s\n", w.Say(title))
		pairOff(s, rows)
	}
}

// pairOff writes names and what is said of them in two columns.
func pairOff(s *strings.Builder, rows [][2]string) {
	left := 0
	for _, r := range rows {
		left = max(left, table.Columns(r[0]))
	}
	for _, r := range rows {
		name := r[0]
		for _, line := range table.Fold(r[1], helpColumns-left-2) {
			s.WriteString(table.Pad(name, left) + "  " + line + "\n")
			name = ""
		}
	}
}

// noArguments refuses arguments.
func noArguments(w words.Words) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(w, cmd, args[0])
		}
		return nil
	}
}

// unknownCommand says that a command has no other of a name below it.
func unknownCommand(w words.Words, cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(name); len(like) > 0 {
		return usage(failure(w, nil, "error.command.like", "name", name, "command", cmd.CommandPath(),
			"like", strings.Join(like, ", ")))
	}
	return usage(failure(w, nil, "error.command", "name", name, "command", cmd.CommandPath()))
}

// flagError says what is wrong with a flag in the words of the reader.
func flagError(w words.Words, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return failure(w, nil, "error.flag", "flag", name)
	}
	if without, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return failure(w, nil, "error.flag.value", "flag", "--"+without.GetFlag().Name)
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := invalid.GetFlag()
		kind := w.Say("type." + f.Value.Type())
		return failure(w, nil, "error.flag.invalid", "value", invalid.GetValue(), "flag", "--"+f.Name, "kind", kind)
	}
	return err
}
