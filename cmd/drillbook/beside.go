package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/reports/words"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// onThisSide are the flags of run that name files of this machine, or answer for a person
// at it, which drillbook beside the members cannot see.
func onThisSide() []string {
	return append(ofNight(), "night", "runbooks", "postgres-conf", "hba", "cover", "template", "last", "consent",
		"step")
}

// checkBeside refuses what drillbook beside the members could not follow.
func checkBeside(cmd *cobra.Command, f runFlags, w words.Words) error {
	for _, name := range onThisSide() {
		if cmd.Flags().Changed(name) && (name != "consent" || f.consent != "none") {
			return usage(failure(w, nil, "error.beside.flag", "flag", "--"+name))
		}
	}
	if f.host == hostLocal {
		return usage(failure(w, nil, "error.beside.local"))
	}
	return nil
}

// runBeside has drillbook carry out the same beside the members: in a container of the
// engine. Its reports are copied here.
func runBeside(cmd *cobra.Command, f runFlags, args []string, w words.Words) error {
	if err := checkBeside(cmd, f, w); err != nil {
		return err
	}
	_, chosen, err := f.prepare(cmd, args, w)
	if err != nil {
		return err
	}
	image, err := besideImages(cmd, f, chosen, w)
	if err != nil {
		return environment(err)
	}
	out, err := filepath.Abs(f.out)
	if err == nil {
		err = os.MkdirAll(out, 0o755) //nolint:gosec // reports are for everyone
	}
	if err != nil {
		return environment(failure(w, err, "error.make-folder"))
	}
	into, err := os.MkdirTemp(out, ".beside-*")
	if err != nil {
		return environment(failure(w, err, "error.write-folder"))
	}
	in := catchInterrupts()
	defer in.forget()
	code, err := container.Beside{
		Image: image, Args: besideArgs(cmd, f, args, filepath.ToSlash(out), w.Lang), Env: besideEnvironment(),
		Folder: filepath.ToSlash(out), Into: into, Stdout: cmd.OutOrStdout(), Stderr: cmd.ErrOrStderr(),
		Signals: in.signals,
	}.Run(cmd.Context())
	if err := errors.Join(err, takeRuns(into, out, w)); err != nil {
		return environment(err)
	}
	if code != 0 {
		return &exitError{code: code}
	}
	return nil
}

// besideImages makes sure that the engine has all that the scenarios run from, since
// nothing can be built beside the members, and the image of drillbook, which it returns.
func besideImages(cmd *cobra.Command, f runFlags, chosen []dsl.Scenario, w words.Words) (ref string, err error) {
	making := container.Making{Progress: inOriginal(say(cmd), w), Install: f.yes}
	for _, p := range scenarios.Products() {
		if !slices.ContainsFunc(chosen, func(s dsl.Scenario) bool { return s.Product() == p.Name }) {
			continue
		}
		for _, img := range dsl.Images(p) {
			if _, err := container.EnsureImage(cmd.Context(), img, making); err != nil {
				return "", err
			}
		}
	}
	err = withOwnImage(cmd.Context(), func(img host.Image) error {
		ref, err = container.EnsureImage(cmd.Context(), img, making)
		return err
	})
	return ref, err
}

// withOwnImage does something with the image of drillbook itself.
func withOwnImage(ctx context.Context, do func(host.Image) error) error {
	known, err := container.Known(ctx, scenarios.Images())
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "drillbook-image-*")
	if err != nil {
		return err
	}
	img, err := images.Drillbook(known, folder)
	if err == nil {
		err = do(img)
	}
	return errors.Join(err, os.RemoveAll(folder))
}

// besideArgs are the arguments of the run beside the members: those of this one, but for
// where its reports are.
func besideArgs(cmd *cobra.Command, f runFlags, args []string, out, lang string) []string {
	all := append([]string{"run", "--plain", "--out=" + out}, args...)
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "beside", "out", "plain", "yes":
		case "set":
			for _, s := range f.set {
				all = append(all, "--set="+s)
			}
		default:
			all = append(all, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	if !cmd.Flags().Changed("operator") {
		all = append(all, "--operator="+f.operator)
	}
	if !cmd.Flags().Changed(languageFlag) {
		all = append(all, "--"+languageFlag+"="+lang)
	}
	return all
}

// besideEnvironment are the variables that say what members run from.
func besideEnvironment() []string {
	var env []string
	for _, v := range os.Environ() {
		for _, p := range scenarios.Products() {
			if strings.HasPrefix(v, strings.ToUpper(p.Name)+"_") || strings.HasPrefix(v, p.ImageVariable+"=") {
				env = append(env, v)
			}
		}
	}
	return env
}

// takeRuns moves the folders of runs to where reports are, and has latest lead to the
// last of them.
func takeRuns(from, out string, w words.Words) error {
	runs, err := filepath.Glob(filepath.Join(from, "*"))
	if err != nil {
		return err
	}
	for _, run := range runs {
		to, err := makeNewFolder(filepath.Join(out, filepath.Base(run)))
		if err != nil {
			return failure(w, err, "error.make-folder")
		}
		if err := errors.Join(os.Remove(to), os.Rename(run, to)); err != nil { // the empty folder kept the name
			return failure(w, err, "error.write-folder")
		}
		if err := pointLatest(to, w); err != nil { // the reports are there all the same
			return err
		}
	}
	return os.Remove(from)
}
