package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"drillbook/harness/secret"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

func leaksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "leaks DIR…",
		Short: "Look for passwords in what a run has left",
		Long: `Look for passwords in what a run has left: in every file below the folders, and in the names of these.

Looked for is every password that drills use, as it is, as it is quoted in JSON, HTML and addresses, and in base64 and
hexadecimal. The exit code is 1 if one is found, 4 if a file could not be read.`,
		Args: cobra.MinimumNArgs(1),
		RunE: lookForLeaks,
	}
}

func lookForLeaks(cmd *cobra.Command, folders []string) error {
	lib, err := library(cmd)
	if err != nil {
		return err
	}
	known, err := dsl.Secrets(lib, scenarios.All()...)
	if err != nil {
		return usage(err)
	}
	line, files, leaks := say(cmd), 0, 0
	for _, folder := range folders {
		n, err := filesIn(folder)
		if err != nil {
			return environment(fmt.Errorf("look for passwords in %s: %w: name the folder of a run, such as "+
				"reports/out/latest",
				secret.Hide(folder, known...), err))
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
	line(fmt.Sprintf("%d files were searched for %d passwords: found in %d places", files, len(known), leaks))
	if leaks > 0 {
		return withCode(exitMissed,
			errors.New("a password stands where anybody can read it: pass these files on to nobody"))
	}
	return nil
}

// filesIn counts the files below a folder. None is an error: nothing was looked at.
func filesIn(folder string) (n int, err error) {
	err = fs.WalkDir(os.DirFS(folder), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			n++
		}
		return err
	})
	if err == nil && n == 0 {
		err = errors.New("it holds no files")
	}
	return n, err
}
