// Package probe is the client whose experience a drill measures.
//
// A probe is an open loop: attempts leave at their intended times, whatever
// happened to earlier ones, each with short deadlines and a session of its own
// from a bounded pool. So an outage is sampled as often as service is, and its end
// is not missed while everybody waits for answers that never come.
//
// The probe must not overload what it measures. Clients that give up and connect
// again would overload a server that hangs or is slow. So a session that owes an
// answer keeps its place in the pool after its attempt was given up, and a new
// session needs a free place as soon as a server has accepted it. Only connecting to
// an address that does not answer needs none.
package probe

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// Limits of what a stream may be asked for.
const (
	MaxRate     = 1000 // attempts per second
	maxSessions = 1000
	MinDeadline = time.Millisecond // nothing answers faster
	MaxDeadline = 10 * time.Second
)

// Stream is a series of attempts to make.
type Stream struct {
	record.Stream
	// Open opens a session with the target of the stream. Its context ends after
	// the connect deadline. It calls reached as [driver.Target] says.
	Open func(ctx context.Context, reached func(context.Context) error) (driver.Session, error)
}

// Config is what a probe needs. All fields must be set.
type Config struct {
	Run     string
	Began   time.Time // the drill's zero; with a monotonic reading
	Members []string  // as in the record's head
	Streams []Stream  // as in the record's head
	Journal *record.Writer
}

// Probe is a running probe.
type Probe struct {
	cfg     Config
	streams []*stream
	stop    context.CancelFunc
	running sync.WaitGroup // the loops; each stream waits for its attempts

	stopDetecting context.CancelFunc
	detecting     sync.WaitGroup
}

// Check reports what is wrong with a stream's settings.
func Check(s record.Stream) error {
	switch {
	case s.Interval < time.Second/MaxRate:
		return phrase.Errorf("stream %s: an interval of %s is shorter than %s, the shortest that can be kept", s.Name,
			s.Interval, time.Second/MaxRate)
	case s.Interval > time.Second:
		return phrase.Errorf("stream %s: an interval of %s is longer than a second: outages would go unseen", s.Name,
			s.Interval)
	case s.Connect <= 0 || s.Reply <= 0:
		return phrase.Errorf("stream %s: deadlines must be positive, not %s to connect and %s for the reply", s.Name,
			s.Connect, s.Reply)
	case max(s.Connect, s.Reply) > MaxDeadline:
		return phrase.Errorf("stream %s: deadlines of %s to connect and %s for the reply: at most %s; "+
			"with longer ones a drill is over before an answer is missed", s.Name, s.Connect, s.Reply, MaxDeadline)
	case s.Sessions < 1 || s.Sessions > maxSessions:
		return phrase.Errorf("stream %s: %d sessions: must be 1 to %d; raise the interval or shorten the deadlines",
			s.Name, s.Sessions, maxSessions)
	}
	return nil
}

// Sessions is how many sessions a stream needs so that every attempt finds a free
// one as long as answers arrive by their deadline.
func Sessions(interval, reply time.Duration) int {
	return int(math.Ceil(float64(reply)/float64(interval))) + 2
}

// Start opens the first sessions and begins all streams. They end when ctx does,
// but only Stop joins them.
func Start(ctx context.Context, cfg Config) (*Probe, error) {
	p := &Probe{cfg: cfg}
	for i, s := range cfg.Streams {
		if err := Check(s.Stream); err != nil {
			return nil, err
		}
		p.streams = append(p.streams, newStream(ctx, i, s, &p.cfg))
	}
	p.warm(ctx)
	detecting, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stopDetecting = stop
	p.detecting.Go(func() { p.detectStalls(detecting) })
	ctx, p.stop = context.WithCancel(ctx)
	for _, s := range p.streams {
		p.running.Go(func() { s.loop(ctx) })
	}
	return p, nil
}

// warm has all streams open their first sessions.
func (p *Probe) warm(ctx context.Context) {
	var warming sync.WaitGroup
	for _, s := range p.streams {
		if s.Kind != record.Connect {
			warming.Go(func() { s.pool.warm(ctx) })
		}
	}
	warming.Wait()
	for _, s := range p.streams {
		s.health.Since = s.now() // nobody else looks yet
	}
}

// Stop ends all streams and waits for the attempts under way, which their
// deadlines bound. A session that does not end by its deadline is abandoned and
// reported, and its attempt recorded as unknown.
func (p *Probe) Stop() error {
	p.stop()
	p.running.Wait()
	errs := make([]error, 0, len(p.streams))
	for _, s := range p.streams {
		errs = append(errs, s.stop())
	}
	p.stopDetecting() // not before, since a stall may hit the last attempts too
	p.detecting.Wait()
	return errors.Join(errs...)
}

// Health is the current state of a stream.
type Health struct {
	Since     time.Duration // when the stream began
	Attempts  int
	Acked     int
	LastAck   time.Duration // when the last acknowledgement arrived; 0: none yet
	LastAsked time.Duration // when the server was asked for that
	LastFail  time.Duration // when the last failed attempt was known to have failed; 0: none yet
	FirstFail time.Duration // of the failures since the last acknowledgement; 0: none
	BackAt    time.Duration // when the first acknowledgement after the last failure arrived; 0: none failed yet
	LastCause string
}

// Served reports whether attempts have succeeded, and none has failed, for at
// least clean up to now.
func (h Health) Served(now, clean time.Duration) bool {
	return h.LastAck > 0 && now-h.LastAck < clean && h.FirstFail == 0 && now-max(h.Since, h.BackAt, h.LastFail) >= clean
}

// Out is for how long attempts have not succeeded up to now; 0 while they do.
func (h Health) Out(now time.Duration) time.Duration {
	if h.FirstFail == 0 {
		return 0
	}
	return now - h.LastAck
}

// Health returns the state of stream i, and the time of the drill.
func (p *Probe) Health(i int) (h Health, now time.Duration) {
	s := p.streams[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health, time.Since(p.cfg.Began)
}

// detectStalls records the times in which the harness itself stands still, so
// that they are not taken for outages. Package measure allows for pauses of up to
// the longest limit and one tick.
func (p *Probe) detectStalls(ctx context.Context) {
	const every = 2 * time.Millisecond
	limit := 5 * time.Millisecond
	for _, s := range p.cfg.Streams {
		limit = max(limit, min(2*s.Interval, 10*time.Millisecond))
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := time.Since(p.cfg.Began)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Since(p.cfg.Began)
		if late := now - last - every; late > limit {
			p.cfg.Journal.Event(record.Event{At: now, Kind: record.Stall, Took: late})
		}
		last = now
	}
}
