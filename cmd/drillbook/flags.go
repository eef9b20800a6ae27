package main

import (
	"os"

	"github.com/spf13/cobra"

	"drillbook/reports/words"
	"drillbook/runbooks"
)

// library reads the runbooks, those built in or those of --runbooks.
func library(cmd *cobra.Command, w words.Words) (runbooks.Library, error) {
	dir, err := cmd.Flags().GetString("runbooks")
	if err != nil {
		return nil, err
	}
	ours, err := runbooks.Load(runbooks.Embedded())
	if err != nil || dir == "" {
		return ours, usage(err)
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, usage(failure(w, err, "error.runbooks"))
	}
	lib, err := runbooks.LoadOwn(os.DirFS(dir), ours)
	return lib, usage(err)
}
