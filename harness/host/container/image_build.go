package container

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/pkg/jsonmessage"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/phrase"
)

// shownColumns is how much of a build step a progress line shows.
const shownColumns = 72

// build makes the image under its name. Nothing of the name exists before it
// is complete.
func (s *imageStore) build(ctx context.Context, img host.Image, ref string) error {
	began := time.Now()
	args, labels := map[string]*string{}, map[string]string{labelImage: repository + img.Name}
	if img.Base != (host.Base{}) {
		base, err := s.ensureBase(ctx, img.Base)
		if err != nil {
			return err
		}
		args["BASE"], labels[labelBase] = &base, base
	}
	files, err := readFiles(img.Files)
	if err != nil {
		return err
	}
	if img.Program != nil {
		s.say("image %s%s: compiling %s", repository, img.Name, img.Program.Package)
		text, err := s.compile(ctx, *img.Program)
		if err != nil {
			return err
		}
		files = append(files, file{path.Base(img.Program.Package), 0o755, text})
	}
	archive, err := pack(files)
	if err != nil {
		return err
	}
	reply, err := s.engine.cli.ImageBuild(ctx, archive, build.ImageBuildOptions{
		Tags:       []string{ref},
		Dockerfile: img.Dockerfile,
		BuildArgs:  args,
		Labels:     labels,
		Remove:     true,
		// Nothing of a build that failed, or lost its client, stays.
		ForceRemove: true,
	})
	if err != nil {
		return phrase.Errorf("build: %w", err)
	}
	if err := errors.Join(s.followBuild(reply.Body, repository+img.Name), reply.Body.Close()); err != nil {
		return phrase.Errorf("build: %w", err)
	}
	s.say("image %s%s: built in %s", repository, img.Name, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// pack makes a build context. Times are left out, so that the builder's cache
// knows a file again.
func pack(files []file) (io.Reader, error) {
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	for _, f := range files {
		head := &tar.Header{Name: f.path, Mode: int64(f.mode), Size: int64(len(f.text)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(head); err != nil {
			return nil, phrase.Errorf("pack %s: %w", f.path, err)
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, phrase.Errorf("pack %s: %w", f.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, phrase.Errorf("pack: %w", err)
	}
	return &text, nil
}

// followBuild reads what the builder prints. An error quotes the end of it.
func (s *imageStore) followBuild(r io.Reader, name string) error {
	step := regexp.MustCompile(`^Step (\d+/\d+) : (.*)`)
	var said strings.Builder
	for in := json.NewDecoder(r); ; {
		var m jsonmessage.JSONMessage
		if err := in.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return phrase.Errorf("read the builder's output: %w", err)
		}
		if m.Error != nil {
			return phrase.Errorf("%w; the builder's last output was:\n%s", m.Error, roster.LastLines(said.String()))
		}
		for line := range strings.Lines(m.Stream) {
			line = strings.TrimSpace(line)
			if found := step.FindStringSubmatch(line); found != nil {
				s.say("image %s: building (%s) %s", name, found[1], shorten(found[2]))
			}
			if line != "" {
				said.WriteString(line + "\n")
			}
		}
	}
}

// shorten keeps a line of a Dockerfile to its beginning.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > shownColumns {
		return string(runes[:shownColumns]) + " …"
	}
	return s
}
