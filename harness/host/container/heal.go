package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"drillbook/harness/host"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// Heal removes what runs have left whose process is dead: their containers,
// with their volumes, their networks and their lock files. Live runs are left
// alone, and so are those of others, and those whose lock cannot be seen from
// here, unless also, if set, says of one that it is to be removed all the same.
// report is told what was done and what was left, one line each.
func Heal(
	ctx context.Context, also func(host.Leftover) bool, report func(line string),
) (healed host.CleanedUp, err error) {
	e, err := connect(ctx)
	if err != nil {
		return healed, err
	}
	defer func() { err = errors.Join(err, e.cli.Close()) }()
	if healed.Site, err = e.site(ctx); err != nil {
		return healed, err
	}
	runs, err := e.runs(ctx)
	if err != nil {
		return healed, err
	}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		said, left, err := e.healRun(ctx, runs[name], also)
		if err != nil {
			left = runs[name].leftover(err.Error())
			left.Failed = true
		}
		switch {
		case left != nil:
			healed.Left = append(healed.Left, *left)
			report(fmt.Sprintf("run %s: left alone: %s", name, left))
		case said == "":
			report(fmt.Sprintf("run %s: left alone, it is alive", name))
		default:
			healed.Removed = append(healed.Removed, name)
			report(fmt.Sprintf("run %s: %s", name, said))
		}
	}
	return healed, removeStaleLocks(healed)
}

// healRun removes a run that is dead, or of which also says so. It says nothing
// of one that is alive.
func (e *engine) healRun(
	ctx context.Context, r leftRun, also func(host.Leftover) bool,
) (said string, left *host.Leftover, err error) {
	mine, err := runLock(r.labels[labelRun])
	if err != nil {
		return "", nil, err
	}
	switch path, state := r.lock(mine); {
	case state == lock.Busy:
		return "", nil, nil
	case state == lock.Unknown:
		left = r.leftover("whether it is alive cannot be told: its lock is not here (" + path + ")")
	case path != mine:
		left = r.leftover("its process is dead, and it is not yours (" + path + ")")
	default:
		l, err := lock.Try(path)
		if errors.Is(err, lock.ErrHeld) {
			return "", nil, nil // somebody else heals it
		}
		if err != nil {
			return "", nil, err
		}
		said, err = e.removeRunReporting(ctx, r, "it is dead")
		if err == nil {
			err = l.Release()
		}
		return said, nil, err
	}
	if also == nil || !also(*left) {
		return "", left, nil
	}
	said, err = e.removeRunReporting(ctx, r, "as you said")
	return said, nil, err
}

func (e *engine) removeRunReporting(ctx context.Context, r leftRun, why string) (string, error) {
	n, err := e.removeRun(ctx, r.labels[labelRun])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; removed %d containers, networks and volumes", why, n), nil
}

// leftRun is a run that has left something behind.
type leftRun struct {
	labels map[string]string
	things int
}

// lock is where the run's lock is, seen from here, and what is known of it. A
// cache folder may be found at another path than it was.
func (r leftRun) lock(mine string) (string, lock.State) {
	for _, path := range []string{mine, r.labels[labelLock]} {
		if s := lock.Look(path, r.labels[labelLockID]); s != lock.Unknown {
			return path, s
		}
	}
	return r.labels[labelLock], lock.Unknown
}

func (r leftRun) leftover(why string) *host.Leftover {
	began, _ := time.Parse(time.RFC3339, r.labels[labelBegan]) // at an unknown time otherwise
	return &host.Leftover{
		Run: r.labels[labelRun], Owner: r.labels[labelOwner], Began: began, Objects: r.things, Why: why,
	}
}

// removeStaleLocks removes the lock files that nobody holds, of runs that were
// on the engine and of which nothing is left there. Those of other engines must
// stay: that nobody holds them is what tells their runs to be dead.
func removeStaleLocks(healed host.CleanedUp) error {
	dir, err := lock.Folder("runs")
	if err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return phrase.Errorf("read the folder of locks: %w", err)
	}
	var errs []error
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		site, err := os.ReadFile(path) //nolint:gosec // our own file
		run := strings.TrimSuffix(f.Name(), ".lock")
		if err != nil || len(site) > 0 && string(site) != healed.Site.ID || healed.HasLeft(run) {
			continue
		}
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

// runs are the runs that have left something, by name.
func (e *engine) runs(ctx context.Context) (map[string]leftRun, error) {
	ours := filters.NewArgs(filters.Arg("label", labelRun))
	containers, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, phrase.Errorf("list containers: %w", err)
	}
	networks, err := e.cli.NetworkList(ctx, network.ListOptions{Filters: ours})
	if err != nil {
		return nil, phrase.Errorf("list networks: %w", err)
	}
	volumes, err := e.cli.VolumeList(ctx, volume.ListOptions{Filters: ours})
	if err != nil {
		return nil, phrase.Errorf("list volumes: %w", err)
	}
	all := map[string]leftRun{}
	add := func(labels map[string]string) {
		name := labels[labelRun]
		all[name] = leftRun{labels: labels, things: all[name].things + 1}
	}
	for _, c := range containers {
		add(c.Labels)
	}
	for _, n := range networks {
		add(n.Labels)
	}
	for _, v := range volumes.Volumes {
		add(v.Labels)
	}
	return all, nil
}

// removeRun removes all containers of a run at once, then its networks and
// volumes, and counts them.
func (e *engine) removeRun(ctx context.Context, run string) (int, error) {
	its := filters.NewArgs(filters.Arg("label", labelRun+"="+run))
	containers, err := e.cli.ContainerList(ctx, container.ListOptions{All: true, Filters: its})
	if err != nil {
		return 0, phrase.Errorf("list containers: %w", err)
	}
	err = forEach(containers, func(c container.Summary) error { return e.remove(ctx, c.ID) })
	if err != nil {
		return 0, err
	}
	networks, err := e.cli.NetworkList(ctx, network.ListOptions{Filters: its})
	if err != nil {
		return 0, phrase.Errorf("list networks: %w", err)
	}
	if err := e.leave(ctx, networks); err != nil {
		return 0, err
	}
	err = forEach(networks, func(n network.Summary) error { return e.removeNetwork(ctx, n) })
	if err != nil {
		return 0, err
	}
	volumes, err := e.cli.VolumeList(ctx, volume.ListOptions{Filters: its})
	if err != nil {
		return 0, phrase.Errorf("list volumes: %w", err)
	}
	err = forEach(volumes.Volumes, func(v *volume.Volume) error { return e.removeVolume(ctx, v.Name) })
	return len(containers) + len(networks) + len(volumes.Volumes), err
}

func (e *engine) removeVolume(ctx context.Context, name string) error {
	if err := e.cli.VolumeRemove(ctx, name, true); err != nil && !cerrdefs.IsNotFound(err) {
		return phrase.Errorf("remove volume %s: %w", name, err)
	}
	return nil
}

// remove removes a container, running or not, and its volumes, and waits until it
// is gone. It is no error if the container is gone already.
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
		return phrase.Errorf("remove container %.12s: %w", id, err)
	}
	return nil
}

// forEach calls do for all things in parallel and joins the errors.
func forEach[T any](things []T, do func(T) error) error {
	errs := make([]error, len(things))
	var doing sync.WaitGroup
	for i, thing := range things {
		doing.Go(func() { errs[i] = do(thing) })
	}
	doing.Wait()
	return errors.Join(errs...)
}
