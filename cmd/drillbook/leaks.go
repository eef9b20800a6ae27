package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"drillbook/harness/secret"
	"drillbook/reports/words"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

func leaksCommand(w words.Words) *cobra.Command {
	return &cobra.Command{
		Use:   "leaks " + w.Say("help.folder") + "…",
		Short: w.Say("short.leaks"),
		Long:  w.Say("long.leaks"),
		Args:  folders(w),
		RunE:  func(cmd *cobra.Command, args []string) error { return lookForLeaks(cmd, args, w) },
	}
}

func lookForLeaks(cmd *cobra.Command, folders []string, w words.Words) error {
	lib, err := library(cmd, w)
	if err != nil {
		return err
	}
	known, err := dsl.Secrets(lib, scenarios.All()...)
	if err != nil {
		return usage(err)
	}
	line, files, leaks := say(cmd), 0, 0
	for _, folder := range folders {
		n, err := filesIn(folder, w)
		if err != nil {
			return environment(failure(w, err, "error.leaks", "folder", secret.Hide(folder, known...)))
		}
		found, err := secret.Leaks(os.DirFS(folder), known...)
		if err != nil {
			return environment(err)
		}
		for _, leak := range found {
			line(secret.Hide(filepath.Clean(folder), known...) + "/" + leak)
		}
		files, leaks = files+n, leaks+len(found)
	}
	line(w.Say("leaks.found", "files", strconv.Itoa(files), "passwords", strconv.Itoa(len(known)),
		"places", strconv.Itoa(leaks)))
	if leaks > 0 {
		return withCode(exitMissed, failure(w, nil, "error.leaked"))
	}
	return nil
}

// filesIn counts the files below a folder. None is an error: nothing was looked at.
func filesIn(folder string, w words.Words) (n int, err error) {
	err = fs.WalkDir(os.DirFS(folder), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			n++
		}
		return err
	})
	if err == nil && n == 0 {
		err = failure(w, nil, "error.no-files")
	}
	return n, err
}
