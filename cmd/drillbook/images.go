package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/reports/words"
	"drillbook/scenarios"
)

// say prints lines to the command's output.
func say(cmd *cobra.Command) func(string) {
	return func(line string) { _, _ = fmt.Fprintln(cmd.OutOrStdout(), line) } // it never fails
}

// inOriginal prints lines of the packages below the command, which speak English.
func inOriginal(line func(string), w words.Words) func(string) {
	return func(said string) { line(foreign(w, said)) }
}

func imagesCommand(w words.Words) *cobra.Command {
	var remove, yes, itself bool
	cmd := &cobra.Command{
		Use:   "images",
		Short: w.Say("short.images"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := say(cmd)
			if remove {
				return removeImages(cmd.Context(), line, w)
			}
			ensure := func(img host.Image) error {
				making := container.Making{Progress: inOriginal(line, w), Install: yes}
				ref, err := container.EnsureImage(cmd.Context(), img, making)
				if err == nil {
					line(ref)
				}
				return err
			}
			if itself {
				return environment(withOwnImage(cmd.Context(), ensure))
			}
			for _, img := range scenarios.Images() {
				if err := ensure(img); err != nil {
					return environment(err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, w.Say("flag.images.remove"))
	cmd.Flags().BoolVar(&itself, "itself", false, w.Say("flag.images.itself"))
	cmd.Flags().BoolVar(&yes, "yes", false, w.Say("flag.yes"))
	return cmd
}

// removeImages removes all images, and what stands in for them on this machine.
func removeImages(ctx context.Context, line func(string), w words.Words) error {
	prepared, err := local.RemovePrepared()
	images, noImages := container.RemoveImages(ctx)
	for _, removed := range slices.Concat(prepared, images) {
		line(w.Say("images.removed", "image", removed))
	}
	if errors.Is(noImages, container.ErrNoEngine) {
		line(w.Say("images.not-looked", "error", told(w, noImages)))
		noImages = nil
	}
	return errors.Join(err, noImages)
}
