package container

import (
	"context"
	"os"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// KnownImages is a file that the image of drillbook itself has, since it can compile
// nothing: lines with the name of an image whose program is of this module, and the
// reference that such an image has.
const KnownImages = "/etc/drillbook/images"

// readKnown reads such a file; nil if there is none.
func readKnown(path string) map[string]string {
	text, err := os.ReadFile(path) //nolint:gosec // our own file
	if err != nil {
		return nil
	}
	known := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, ref, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			known[name] = ref
		}
	}
	return known
}

// Known are the lines of such a file for those of the images that belong there.
func Known(ctx context.Context, all []host.Image) (lines string, err error) {
	err = withImages(ctx, Making{}, func(s *imageStore) error {
		var linesSb35 strings.Builder
		for _, img := range all {
			if img.Program == nil || img.Program.Module != "" {
				continue
			}
			ref, err := s.reference(ctx, img)
			if err != nil {
				return phrase.Errorf("image %s: %w", img.Name, err)
			}
			linesSb35.WriteString(img.Name + " " + ref + "\n")
		}
		lines += linesSb35.String()
		return nil
	})
	return lines, err
}
