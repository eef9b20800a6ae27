package container

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/pkg/stdcopy"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// checkWithin is how long the check of a user's own image may take.
const checkWithin = time.Minute

// ownBase is the id of the user's own image, which is fetched if the engine does not have
// it, once its check has found nothing that it lacks.
func (s *imageStore) ownBase(ctx context.Context, b host.Base) (string, error) {
	if err := s.fetch(ctx, b.Reference); err != nil {
		return "", err
	}
	seen, err := s.engine.cli.ImageInspect(ctx, b.Reference)
	if err != nil {
		return "", phrase.Errorf("look at image %s: %w", b.Reference, err)
	}
	return seen.ID, s.checkOwn(ctx, b, seen)
}

// checkOwn runs the check of the user's own image in it.
func (s *imageStore) checkOwn(ctx context.Context, b host.Base, seen image.InspectResponse) error {
	if seen.Architecture != "" && seen.Architecture != s.engine.Arch {
		return phrase.Errorf("image %s is of %s, and this engine runs %s: bring one of that", b.Reference,
			seen.Architecture, s.engine.Arch)
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	said, code, err := s.runOnce(ctx, seen.ID, "sh", "-c", b.Check)
	switch {
	case err != nil:
		return phrase.Errorf("image %s runs no sh, which members need: %s", b.Reference, firstLine(err.Error()))
	case code != 0:
		return phrase.Errorf("image %s lacks %s", b.Reference, firstLine(said))
	}
	return nil
}

// runOnce runs a command as root in a container of its own, without a network, and returns
// what it printed.
func (s *imageStore) runOnce(ctx context.Context, ref string, argv ...string) (said string, code int64, err error) {
	cli := s.engine.cli
	made, err := cli.ContainerCreate(ctx, &container.Config{
		Image: ref, User: "0", Entrypoint: argv, NetworkDisabled: true, Labels: map[string]string{labelImage: ref},
	}, nil, nil, nil, "")
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, s.engine.remove(context.WithoutCancel(ctx), made.ID)) }()
	ended, failed := cli.ContainerWait(ctx, made.ID, container.WaitConditionNextExit)
	if err := cli.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return "", 0, err
	}
	select {
	case end := <-ended:
		code = end.StatusCode
	case err := <-failed:
		return "", 0, err
	}
	logs, err := cli.ContainerLogs(ctx, made.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", code, err
	}
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, logs)
	return strings.TrimSpace(out.String()), code, errors.Join(err, logs.Close())
}

// checkOwnImage is check for what is built on a user's own image: it looks at that.
func (s *imageStore) checkOwnImage(ctx context.Context, b host.Base) (Image, error) {
	found := Image{Name: b.Reference, Ref: b.Reference, Base: b.Reference, BaseThere: true}
	seen, err := s.engine.cli.ImageInspect(ctx, b.Reference)
	if cerrdefs.IsNotFound(err) {
		return found, nil
	}
	if err != nil {
		return found, phrase.Errorf("look for image %s: %w", b.Reference, err)
	}
	found.There, found.Size = true, seen.Size
	return found, s.checkOwn(ctx, b, seen)
}
