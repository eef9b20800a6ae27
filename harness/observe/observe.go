// Package observe asks every member for its role, directly and continuously.
//
// Roles are claims: two members may both say that they are primary, and one may say so
// and yet take no writes. They explain a drill; they do not decide it.
package observe

import (
	"context"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// Config is what an observer needs. All fields must be set.
type Config struct {
	Began   time.Time
	Driver  driver.Driver
	Members []driver.Member
	Every   time.Duration // between two questions to a member
	Within  time.Duration // in which a member must answer
	Event   func(record.Event)
}

// Observer is a running observer.
type Observer struct {
	stop context.CancelFunc
	work sync.WaitGroup

	mu    sync.Mutex // guards roles
	roles map[string]driver.Role
}

// Start begins to ask all members.
func Start(ctx context.Context, cfg Config) *Observer {
	ctx, stop := context.WithCancel(ctx)
	o := &Observer{stop: stop, roles: map[string]driver.Role{}}
	for _, m := range cfg.Members {
		o.work.Go(func() { o.watch(ctx, cfg, m) })
	}
	return o
}

// Stop ends the questions and waits for the last answers.
func (o *Observer) Stop() {
	o.stop()
	o.work.Wait()
}

// Roles returns the role that each member last stated; members that do not answer
// are left out.
func (o *Observer) Roles() map[string]driver.Role {
	o.mu.Lock()
	defer o.mu.Unlock()
	roles := map[string]driver.Role{}
	for name, r := range o.roles {
		if r != "" {
			roles[name] = r
		}
	}
	return roles
}

// watch asks one member until ctx ends, over one session as long as it lasts.
func (o *Observer) watch(ctx context.Context, cfg Config, m driver.Member) {
	tick := time.NewTicker(cfg.Every)
	defer tick.Stop()
	w := watcher{cfg: cfg, member: m}
	defer w.close()
	var said time.Duration // when it was last asked and said what it still says
	for first := true; ; first = false {
		asked := time.Since(cfg.Began)
		role := w.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		now := time.Since(cfg.Began)
		o.mu.Lock()
		changed := o.roles[m.Name] != role
		o.roles[m.Name] = role
		o.mu.Unlock()
		if changed || first {
			e := record.Event{At: now, Kind: record.Role, Member: m.Name, What: string(role)}
			if !first {
				e.Took = now - said
			}
			cfg.Event(e)
		}
		said = asked
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

type watcher struct {
	cfg     Config
	member  driver.Member
	session driver.Session
}

// ask returns the member's role, "" if it does not answer in time.
func (w *watcher) ask(ctx context.Context) driver.Role {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Within)
	defer cancel()
	if w.session == nil {
		s, err := w.cfg.Driver.Open(ctx, driver.Target{Members: []driver.Member{w.member}})
		if err != nil {
			return ""
		}
		w.session = s
	}
	role, err := w.session.Role(ctx)
	if err != nil {
		w.close()
		return ""
	}
	return role
}

func (w *watcher) close() {
	if w.session != nil {
		_ = w.session.Close() // it is of no further use either way
		w.session = nil
	}
}
