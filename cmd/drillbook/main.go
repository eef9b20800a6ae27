// Command drillbook turns runbooks for database failover into drills: it starts
// real clusters, carries the runbook out step by step, measures what clients
// suffer, and writes the report.
//
// Its exit codes are 0 if every promise was met, 1 if one was missed, 2 if one
// could not be measured, 3 for wrong usage, 4 if the environment lacks
// something, and 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/reports/words"
)

// The exit codes.
const (
	exitMissed       = 1
	exitUnmeasurable = 2
	exitUsage        = 3
	exitEnvironment  = 4
	exitInterrupted  = 130
)

// exitError ends the program with a code; without an error there is nothing
// left to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error       { return withCode(exitUsage, err) }
func environment(err error) error { return withCode(exitEnvironment, err) }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

func main() {
	ctx := context.Background() //nolint:forbidigo // here every context begins
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out the command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	w := wordsIn(languageOf(args))
	root := rootCommand(w) //nolint:contextcheck // cobra hands the context to every command
	out := lastingOutput(stdout)
	stderr = screen{stderr}
	root.SetArgs(codesAsArguments(args))
	root.SetOut(screen{out})
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if lost := out.lost(); lost != nil {
		err = worst(err, environment(failure(w, lost, "error.lines-lost")))
	}
	if err == nil {
		return 0
	}
	code := codeOf(err)
	if exit, ok := errors.AsType[*exitError](err); ok {
		err = exit.err
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, w.Say("error", "error", told(w, err))) // there is nowhere to report it
	}
	return code
}

// codeOf is the exit code of an error.
func codeOf(err error) int {
	exit, ok := errors.AsType[*exitError](err)
	switch {
	case ok:
		return exit.code
	case errors.Is(err, container.ErrNoEngine), errors.Is(err, local.ErrMissing), errors.Is(err, drill.ErrEnvironment):
		return exitEnvironment
	default:
		return exitUsage // cobra's own errors are all of usage
	}
}

func rootCommand(w words.Words) *cobra.Command {
	root := &cobra.Command{
		Use:               "drillbook",
		Short:             w.Say("short.drillbook"),
		Args:              noArguments(w),
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return checkLanguage(cmd, w) },
		SilenceUsage:      true,
		SilenceErrors:     true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().BoolP("help", "h", false, w.Say("flag.help"))
	root.PersistentFlags().String("runbooks", "", w.Say("flag.runbooks"))
	root.PersistentFlags().String(languageFlag, w.Lang, w.Say("flag.lang"))
	root.AddCommand(doctorCommand(w), listCommand(w), showCommand(w), faultsCommand(w), cellsCommand(w), planCommand(w),
		runCommand(w), watchCommand(w), reportCommand(w), mergeCommand(w), coverCommand(w), lintCommand(w),
		explainCommand(w), leaksCommand(w), calibrateCommand(w), healCommand(w), imagesCommand(w), siteCommand(w),
		versionCommand(w))
	setHelp(root, w)
	return root
}
