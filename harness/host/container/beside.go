package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"drillbook/harness/phrase"
)

const (
	// usualSocket is where an engine's socket is, on its own machine and in Beside's
	// container.
	usualSocket = "/var/run/docker.sock"
	// cacheVolume keeps what lets a later run remove what a killed one has left.
	cacheVolume = "drillbook-cache"
)

// Beside is a command of drillbook that is run in a container of the engine, on the
// network of the engine's machine. There the members' networks are its own, and it dials
// members directly, wherever the engine is.
type Beside struct {
	Image string // reference of that of drillbook itself, which must be there
	Args  []string
	Env   []string // NAME=value
	// Folder is what the command writes into, there; Into is the folder here that the
	// content is copied to. Both must be set.
	Folder, Into   string
	Stdout, Stderr io.Writer
	Signals        <-chan os.Signal // each is passed on as a request to end
}

// Run returns the exit code of the command once it has ended and its files are here. If
// this process is killed, the command goes on, and its container stays.
func (b Beside) Run(ctx context.Context) (code int, err error) {
	e, err := connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.cli.Close()) }()
	name := fmt.Sprintf("drillbook-beside-%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	made, err := e.cli.ContainerCreate(ctx, &container.Config{
		Image: b.Image, Cmd: b.Args, Env: append(b.Env, client.EnvOverrideHost+"=unix://"+usualSocket),
	}, &container.HostConfig{
		NetworkMode: "host",
		Mounts: []mount.Mount{
			{Type: mount.TypeBind, Source: e.socketThere(), Target: usualSocket},
			{Type: mount.TypeVolume, Source: cacheVolume, Target: "/cache"},
		},
	}, nil, nil, name)
	if err != nil {
		return 0, phrase.Errorf("make container %s: %w", name, err)
	}
	if code, err = b.run(ctx, e, made.ID); err == nil {
		err = b.copyFiles(ctx, e, made.ID)
	}
	if err != nil {
		return code, phrase.Errorf("drillbook in container %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	return code, e.remove(ctx, made.ID)
}

// socketThere is where the engine's socket is on its own machine. One below the home of a
// person leads to an engine in a virtual machine.
func (e *engine) socketThere() string {
	path, local := strings.CutPrefix(e.Address, "unix://")
	home, err := os.UserHomeDir()
	if !local || err == nil && strings.HasPrefix(path, filepath.Clean(home)+string(filepath.Separator)) {
		return usualSocket
	}
	return path
}

// run starts the container and passes on what it says, until it has ended.
func (b Beside) run(ctx context.Context, e *engine, id string) (int, error) {
	said, err := e.cli.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return 0, phrase.Errorf("attach: %w", err)
	}
	defer said.Close()
	var copied error // once it is heard
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		_, copied = stdcopy.StdCopy(b.Stdout, b.Stderr, said.Reader)
	}()
	ended, failed := e.cli.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := e.cli.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		err = errors.Join(phrase.Errorf("start: %w", err), e.remove(ctx, id), said.Conn.Close())
		<-heard
		return 0, err
	}
	for {
		select {
		case <-b.Signals:
			if err := e.cli.ContainerKill(ctx, id, "TERM"); err != nil && !cerrdefs.IsConflict(err) {
				return 0, phrase.Errorf("interrupt: %w", err)
			}
		case err := <-failed:
			err = errors.Join(phrase.Errorf("wait for its end: %w", wrapGone(err)), said.Conn.Close())
			<-heard
			return 0, err
		case end := <-ended:
			if end.Error != nil {
				return 0, phrase.Errorf("wait for its end: %s", end.Error.Message)
			}
			<-heard
			return int(end.StatusCode), copied
		}
	}
}

// copyFiles copies what the command has written. A command that ended before it began has
// made no folder.
func (b Beside) copyFiles(ctx context.Context, e *engine, id string) error {
	files, _, err := e.cli.CopyFromContainer(ctx, id, b.Folder)
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return phrase.Errorf("copy %s: %w", b.Folder, err)
	}
	if err := errors.Join(untar(files, b.Into), files.Close()); err != nil {
		return phrase.Errorf("copy %s: %w", b.Folder, err)
	}
	return nil
}
