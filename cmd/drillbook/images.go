package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/scenarios"
)

// say prints lines to the command's output.
func say(cmd *cobra.Command) func(string) {
	return func(line string) { _, _ = fmt.Fprintln(cmd.OutOrStdout(), line) } // it never fails
}

// allowsInstall is what --yes means to commands that build images.
const allowsInstall = "install on this machine, as root, what an image's base is made with where no registry gives one"

func imagesCommand() *cobra.Command {
	var remove, yes bool
	cmd := &cobra.Command{
		Use:   "images",
		Short: "Build all images that drills need, or remove them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := say(cmd)
			if remove {
				return removeImages(cmd.Context(), line)
			}
			for _, img := range scenarios.Images() {
				ref, err := container.EnsureImage(cmd.Context(), img, container.Making{Progress: line, Install: yes})
				if err != nil {
					return environment(err)
				}
				line(ref)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove them instead")
	cmd.Flags().BoolVar(&yes, "yes", false, allowsInstall)
	return cmd
}

// removeImages removes all images, and what stands in for them on this machine.
func removeImages(ctx context.Context, line func(string)) error {
	prepared, err := local.RemovePrepared()
	images, noImages := container.RemoveImages(ctx)
	for _, removed := range slices.Concat(prepared, images) {
		line("removed " + removed)
	}
	if errors.Is(noImages, container.ErrNoEngine) {
		line(fmt.Sprintf("images were not looked for: %v", noImages))
		noImages = nil
	}
	return errors.Join(err, noImages)
}
