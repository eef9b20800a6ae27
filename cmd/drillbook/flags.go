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
	files := runbooks.Embedded()
	if dir != "" {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, usage(failure(w, err, "error.runbooks"))
		}
		files = os.DirFS(dir)
	}
	lib, err := runbooks.Load(files)
	return lib, usage(err)
}
