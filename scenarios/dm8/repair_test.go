package dm8_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	fixture "drillbook/fixtures/dm8"
	"drillbook/harness/driver"
	"drillbook/harness/wait"
)

// repairs is a group that somebody has to put right, whatever is left of it.
type repairs struct {
	dm      *fixture.Driver
	members []driver.Member
	role    func(context.Context, driver.Member) (driver.Role, error)
}

// settleWithin is how long the watchers have to open a primary by themselves.
const settleWithin = 5 * time.Second

// primary decides which member the others are rebuilt from: the one that serves.
// If several do, the one that the runbooks take over to wins. If none does, the
// one with the newest log is opened by hand.
func (r repairs) primary(ctx context.Context) (m driver.Member, how string, err error) {
	var serving []driver.Member
	none := wait.For(ctx, "a primary that serves", settleWithin, func(ctx context.Context) error {
		serving = nil
		var said []error
		for _, m := range r.members {
			role, err := r.role(ctx, m)
			if err == nil && role == driver.Primary {
				serving = append(serving, m)
				continue
			}
			if err == nil {
				err = fmt.Errorf("it is %s", role)
			}
			said = append(said, fmt.Errorf("%s: %w", m.Name, err))
		}
		if len(serving) == 0 {
			return errors.Join(said...)
		}
		return nil
	})
	if len(serving) == 0 {
		m, err = r.open(ctx)
		return m, fmt.Sprintf("was opened by hand (%v)", none), err
	}
	m = serving[len(serving)-1]
	for _, o := range serving[:len(serving)-1] {
		if err := r.dm.StopMember(ctx, o); err != nil {
			return m, "", err
		}
	}
	return m, fmt.Sprintf("served, one of %d", len(serving)), r.dm.StartServer(ctx, m)
}

// rebuild rebuilds all others from the primary. If that has changed since it was
// looked for, as when the confirm monitor was at it, it is looked for again.
func (r repairs) rebuild(ctx context.Context) (string, error) {
	primary, how, err := r.primary(ctx)
	if err != nil {
		return "", fmt.Errorf("find a primary: %w", err)
	}
	for _, m := range r.members {
		if m.Name == primary.Name {
			continue
		}
		err := r.dm.Rejoin(ctx, m, primary, driver.Rebuild)
		if errors.Is(err, fixture.ErrNotPrimary) && ctx.Err() == nil {
			return r.rebuild(ctx)
		}
		if err != nil {
			return "", fmt.Errorf("from %s, which %s: %w", primary.Name, how, err)
		}
	}
	return fmt.Sprintf("rebuilt from %s, which %s", primary.Name, how), r.dm.WaitHealthy(ctx)
}

// open opens the member with the newest log as the primary. Nobody else runs
// meanwhile.
func (r repairs) open(ctx context.Context) (newest driver.Member, err error) {
	if err := r.dm.ExitMonitor(ctx); err != nil {
		return newest, err
	}
	last := -1
	for _, m := range r.members {
		if err := errors.Join(r.dm.StopMember(ctx, m), r.dm.RemoveControl(ctx, m)); err != nil {
			return newest, err
		}
	}
	var broken []error
	for _, m := range r.members {
		lsn, err := r.log(ctx, m)
		if err != nil { // its data may be half restored
			broken = append(broken, err)
			continue
		}
		if lsn > last {
			newest, last = m, lsn
		}
	}
	if last < 0 {
		return newest, errors.Join(broken...)
	}
	if err := errors.Join(r.dm.Mount(ctx, newest), r.dm.Enlist(ctx, newest, true)); err != nil {
		return newest, err
	}
	// Before its watcher runs, which would wait to hear of everybody.
	_, err = r.dm.SQL(ctx, newest, "SP_SET_PARA_VALUE(1, 'ALTER_MODE_STATUS', 1)", "alter database open force",
		"SP_SET_PARA_VALUE(1, 'ALTER_MODE_STATUS', 0)")
	return newest, errors.Join(err, r.dm.StartWatcher(ctx, newest))
}

// log is the LSN up to which a member has log; it is stopped again.
func (r repairs) log(ctx context.Context, m driver.Member) (int, error) {
	if err := r.dm.Mount(ctx, m); err != nil {
		return 0, err
	}
	text, err := r.dm.SQL(ctx, m, "select 'LSN='||FILE_LSN from V$RLOG")
	if err := errors.Join(err, r.dm.StopMember(ctx, m)); err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`LSN=(\d+)`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%s tells no LSN: %s", m.Name, text)
	}
	return strconv.Atoi(found[1])
}
