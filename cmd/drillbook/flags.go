package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drillbook/reports"
	"drillbook/runbooks"
)

// library reads the runbooks, those built in or those of --runbooks.
func library(cmd *cobra.Command) (runbooks.Library, error) {
	dir, err := cmd.Flags().GetString("runbooks")
	if err != nil {
		return nil, err
	}
	files := runbooks.Embedded()
	if dir != "" {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, usage(fmt.Errorf("--runbooks: %w", err))
		}
		files = os.DirFS(dir)
	}
	lib, err := runbooks.Load(files)
	return lib, usage(err)
}

func language(cmd *cobra.Command) (string, error) {
	lang, err := cmd.Flags().GetString("lang")
	if err != nil {
		return "", err
	}
	if !slices.Contains(reports.Languages(), lang) {
		return "", usage(fmt.Errorf("--lang %s: the languages are %s", lang, strings.Join(reports.Languages(), ", ")))
	}
	return lang, nil
}
