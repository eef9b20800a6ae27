package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"drillbook/reports/words"
)

func versionCommand(w words.Words) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: w.Say("short.version"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), version())
			return err
		},
	}
}

// version names the program and, if it was built from a checkout, its commit.
func version() string {
	const released = "drillbook 0.1.0"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return released
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return released + " (" + s.Value[:12] + ")"
		}
	}
	return released
}
