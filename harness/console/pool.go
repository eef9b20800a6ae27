package console

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// Pool keeps sessions that nobody uses. Starting a console costs the engine and the
// machine more than logging in costs a database, so it is done ahead of logins, in
// nobody's time, and a session serves many logins.
//
// It owns the goroutines that start sessions and the sessions that are idle; Close
// joins the ones and closes the others.
type Pool[S io.Closer] struct {
	stock PoolConfig
	start func(ctx context.Context) (S, error)
	life  context.Context // of sessions being started; with its end nothing is started or kept
	stop  context.CancelFunc
	idle  chan S

	starters sync.WaitGroup
	mu       sync.Mutex // guards all below
	starting int        // starters that have not finished
	failed   error      // why the last one did not start
}

// PoolConfig says how many sessions a pool keeps.
type PoolConfig struct {
	Name        phrase.Phrase // what they are, for errors: "the clients' consoles"
	Idle        int           // kept for the next who need one
	MaxStarting int           // started at a time
	Max         int           // idle
	StartWithin time.Duration
}

// endWithin bounds the wait for starts that were called off.
const endWithin = 10 * time.Second

// ErrClosed is wrapped when a session is wanted of a pool that was closed.
var ErrClosed = phrase.Errorf("the cluster has been closed")

// NewPool returns a pool, which lives until it is closed.
func NewPool[S io.Closer](ctx context.Context, stock PoolConfig, start func(ctx context.Context) (S, error)) *Pool[S] {
	life, stop := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // Close calls it
	return &Pool[S]{stock: stock, start: start, life: life, stop: stop, idle: make(chan S, stock.Max)}
}

// Get takes a session, and has others started where few are left.
func (p *Pool[S]) Get(ctx context.Context) (s S, err error) {
	p.Fill()
	select {
	case s = <-p.idle:
		return s, nil
	case <-p.life.Done():
		return s, ErrClosed
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		return s, errors.Join(phrase.Errorf("no console came free in time"), p.failed)
	}
}

// Fill has as many sessions started as are missing.
func (p *Pool[S]) Fill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.life.Err() == nil && len(p.idle)+p.starting < p.stock.Idle && p.starting < p.stock.MaxStarting {
		p.starting++
		p.starters.Go(p.one)
	}
}

// Ready waits until the sessions that are kept at hand are.
func (p *Pool[S]) Ready(ctx context.Context) error {
	return wait.For(ctx, p.stock.Name, p.stock.StartWithin, func(context.Context) error {
		p.Fill()
		p.mu.Lock()
		defer p.mu.Unlock()
		if n := len(p.idle); n < p.stock.Idle {
			return errors.Join(phrase.Errorf("%d of %d are at hand", n, p.stock.Idle), p.failed)
		}
		return nil
	})
}

// one starts a session; its deadline bounds that.
func (p *Pool[S]) one() {
	ctx, cancel := context.WithTimeout(p.life, p.stock.StartWithin)
	defer cancel()
	s, err := p.start(ctx)
	if err == nil {
		p.Put(s)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.failed = err
}

// Put keeps a session for the next who needs one, or closes it.
func (p *Pool[S]) Put(s S) {
	if !p.keep(s) {
		_ = s.Close() // there are enough, or nobody will need one any more
	}
}

func (p *Pool[S]) keep(s S) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		return false
	}
	select {
	case p.idle <- s:
		return true
	default:
		return false
	}
}

// Close calls off the starts that are under way, waits for them, and closes what
// is idle. A session that is in use is closed when it is put back. It may be called
// again.
func (p *Pool[S]) Close(ctx context.Context) error {
	p.mu.Lock() // so that nobody is just about to keep or start one
	p.stop()
	p.mu.Unlock()
	var errs []error
	for len(p.idle) > 0 { // nobody puts any more; who still gets one, puts it back
		select {
		case s := <-p.idle:
			errs = append(errs, s.Close())
		default:
		}
	}
	err := wait.For(ctx, phrase.Say("the consoles being started to end"), endWithin, func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.starting > 0 {
			return phrase.Errorf("%d are being started", p.starting)
		}
		return nil
	})
	if err == nil {
		p.starters.Wait() // no longer than it takes them to return
	}
	return errors.Join(append(errs, err)...)
}
