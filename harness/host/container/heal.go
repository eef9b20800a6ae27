package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"drillbook/harness/lock"
)

// Heal removes what runs have left whose process is dead: their containers,
// with their volumes, their networks and their lock files.
// Live runs, and those of other users and machines on the same engine, whose
// locks mean nothing here, are left alone.
// report is told what was done and what was left, one line each.
func Heal(ctx context.Context, report func(line string)) error {
	e, err := connect(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(e.healRuns(ctx, report), removeStaleLocks())
	return errors.Join(err, e.cli.Close())
}

// healRuns looks at every run that the engine knows of.
func (e *engine) healRuns(ctx context.Context, report func(string)) error {
	runs, err := e.runs(ctx)
	if err != nil {
		return err
	}
	machine, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name this machine: %w", err)
	}
	var errs []error
	for _, run := range slices.Sorted(maps.Keys(runs)) {
		labels := runs[run]
		mine, err := runLock(run)
		if err != nil {
			return err
		}
		if labels[labelMachine] != machine || labels[labelLock] != mine {
			report(fmt.Sprintf("run %s: left alone, its lock is %s on %s",
				run, labels[labelLock], labels[labelMachine]))
			continue
		}
		said, err := e.healRun(ctx, run, labels[labelLock])
		if err != nil {
			errs = append(errs, fmt.Errorf("heal run %s: %w", run, err))
			continue
		}
		report(fmt.Sprintf("run %s: %s", run, said))
	}
	return errors.Join(errs...)
}

// healRun removes a run if its lock can be had or is gone.
func (e *engine) healRun(ctx context.Context, run, path string) (said string, err error) {
	_, err = os.Stat(path)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return "", err
	}
	if !gone {
		l, err := lock.Try(path)
		if errors.Is(err, lock.ErrHeld) {
			return "left alone, it is alive", nil
		}
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, l.Release()) }()
	}
	removed, err := e.removeRun(ctx, run)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("it is dead; removed %d containers, networks and volumes", removed), nil
}

// removeStaleLocks removes the lock files that nobody holds.
func removeStaleLocks() error {
	dir, err := lock.Folder("runs")
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range paths {
		l, err := lock.Try(path)
		if errors.Is(err, lock.ErrHeld) {
			continue
		}
		if err == nil {
			err = l.Release()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// runs are the labels of every run that has left something, by its name.
func (e *engine) runs(ctx context.Context) (map[string]map[string]string, error) {
	ours := filters.NewArgs(filters.Arg("label", labelRun))
	containers, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	networks, err := e.cli.NetworkList(ctx, network.ListOptions{Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	volumes, err := e.cli.VolumeList(ctx, volume.ListOptions{Filters: ours})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	found := map[string]map[string]string{}
	for _, c := range containers {
		found[c.Labels[labelRun]] = c.Labels
	}
	for _, n := range networks {
		found[n.Labels[labelRun]] = n.Labels
	}
	for _, v := range volumes.Volumes {
		found[v.Labels[labelRun]] = v.Labels
	}
	return found, nil
}

// removeRun removes all containers of a run at once, then its networks and
// volumes, and counts them.
func (e *engine) removeRun(ctx context.Context, run string) (int, error) {
	its := filters.NewArgs(filters.Arg("label", labelRun+"="+run))
	containers, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: its})
	if err != nil {
		return 0, fmt.Errorf("list containers: %w", err)
	}
	err = atOnce(containers, func(c container.Summary) error { return e.remove(ctx, c.ID) })
	if err != nil {
		return 0, err
	}
	networks, err := e.cli.NetworkList(ctx, network.ListOptions{Filters: its})
	if err != nil {
		return 0, fmt.Errorf("list networks: %w", err)
	}
	err = atOnce(networks, func(n network.Summary) error {
		if err := e.cli.NetworkRemove(ctx, n.ID); err != nil && !cerrdefs.IsNotFound(err) {
			return fmt.Errorf("remove network %s: %w", n.Name, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	volumes, err := e.cli.VolumeList(ctx, volume.ListOptions{Filters: its})
	if err != nil {
		return 0, fmt.Errorf("list volumes: %w", err)
	}
	err = atOnce(volumes.Volumes, func(v *volume.Volume) error { return e.removeVolume(ctx, v.Name) })
	return len(containers) + len(networks) + len(volumes.Volumes), err
}

func (e *engine) removeVolume(ctx context.Context, name string) error {
	if err := e.cli.VolumeRemove(ctx, name, true); err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove volume %s: %w", name, err)
	}
	return nil
}

// remove removes a container, running or not, and its volumes. That it is gone
// or on its way is no error, but is waited for.
func (e *engine) remove(ctx context.Context, id string) error {
	err := e.cli.ContainerRemove(ctx, id, container.RemoveOptions{RemoveVolumes: true, Force: true})
	if cerrdefs.IsConflict(err) { // somebody else is removing it
		gone, failed := e.cli.ContainerWait(ctx, id, container.WaitConditionRemoved)
		select {
		case <-gone:
			return nil
		case err = <-failed:
		}
	}
	if err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove container %.12s: %w", id, err)
	}
	return nil
}

// atOnce does something to all things in parallel and joins the errors.
func atOnce[T any](things []T, do func(T) error) error {
	errs := make([]error, len(things))
	var doing sync.WaitGroup
	for i, thing := range things {
		doing.Go(func() { errs[i] = do(thing) })
	}
	doing.Wait()
	return errors.Join(errs...)
}
