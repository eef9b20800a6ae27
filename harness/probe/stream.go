package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// skipAfter is how late the harness may be before it gives up sending what it
// should have sent meanwhile.
const skipAfter = time.Second

// grace is how much longer than its deadlines an attempt may take before it is
// given up.
const grace = 2 * time.Second

// stream is the running state of a [Stream].
type stream struct {
	Stream
	index int
	cfg   *Config
	slots chan struct{} // one per session that may be in use
	work  sync.WaitGroup

	mu       sync.Mutex // guards all below
	idle     []driver.Session
	underWay map[uint32]record.Attempt
	health   Health
	ended    bool
}

func newStream(i int, s Stream, cfg *Config) *stream {
	return &stream{
		Stream:   s,
		index:    i,
		cfg:      cfg,
		slots:    make(chan struct{}, s.Sessions),
		underWay: map[uint32]record.Attempt{},
	}
}

func (s *stream) now() time.Duration { return time.Since(s.cfg.Began) }

// loop sends attempts at their intended times until ctx ends.
func (s *stream) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	intended := s.now()
	for seq := uint32(1); ; seq++ {
		intended += s.Interval
		now := s.now()
		if now-intended > skipAfter {
			intended += (now - intended).Truncate(s.Interval)
		}
		if wait := intended - now; wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return
		}
		s.send(context.WithoutCancel(ctx), seq, intended)
	}
}

// send lets an attempt leave, if a session may be used for it.
func (s *stream) send(ctx context.Context, seq uint32, intended time.Duration) {
	a := record.Attempt{
		Stream: uint8(s.index), //nolint:gosec // there are at most 255 streams
		Seq:    seq, Intended: intended, Sent: s.now(),
	}
	select {
	case s.slots <- struct{}{}:
	default:
		a.Done, a.Outcome, a.Expired = a.Sent, record.Refused, true
		s.note(a, fmt.Sprintf("all %d sessions of the client are in use", s.Sessions))
		return
	}
	s.mu.Lock()
	s.underWay[seq] = a
	s.mu.Unlock()
	s.work.Go(func() {
		defer func() { <-s.slots }()
		s.attempt(ctx, a)
	})
}

// attempt carries one attempt out and notes how it ended.
func (s *stream) attempt(ctx context.Context, a record.Attempt) {
	session, expired, err := s.session(ctx)
	if err != nil {
		// Nothing was sent yet, so nothing can have taken effect.
		a.Done, a.Outcome, a.Expired = s.now(), record.Refused, expired
		s.note(a, "connect: "+err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.Reply)
	defer cancel()
	switch s.Kind {
	case record.Write:
		var ack driver.Ack
		ack, err = session.Write(ctx, driver.Token{Run: s.cfg.Run, Stream: s.index, Seq: a.Seq})
		a.Epoch = ack.Epoch
		a.Member = uint8(slices.Index(s.cfg.Members, ack.Member) + 1) //nolint:gosec // there are at most 255 members
	case record.Reading:
		a.Saw, err = session.Read(ctx, s.cfg.Run, s.follows())
	case record.Connect:
	}
	a.Done = s.now()
	why := ""
	switch {
	case err == nil:
		a.Outcome = record.Acked
	case errors.Is(err, driver.ErrRefused):
		a.Outcome, why = record.Refused, err.Error()
	default:
		a.Outcome, a.Expired, why = record.Unknown, ctx.Err() != nil, err.Error()
	}
	s.note(a, why)
	s.putBack(session, err)
}

// follows is the stream whose tokens reads look for: the first of the clients'
// writes.
func (s *stream) follows() int {
	return slices.IndexFunc(s.cfg.Streams, func(t Stream) bool { return t.Kind == record.Write && t.Member == "" })
}

// session takes an idle session or opens one, and says whether its deadline
// ended that.
func (s *stream) session(ctx context.Context) (session driver.Session, expired bool, err error) {
	if s.Kind != record.Connect {
		s.mu.Lock()
		if n := len(s.idle); n > 0 {
			session = s.idle[n-1]
			s.idle = s.idle[:n-1]
			s.mu.Unlock()
			return session, false, nil
		}
		s.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, s.Connect)
	defer cancel()
	session, err = s.Open(ctx)
	return session, ctx.Err() != nil, err
}

// putBack keeps a session for later, or closes it. When a session of the
// clients' path fails, the idle ones are closed with it, as connection pools
// do: they most likely lead to the same place. A session with a given member
// survives a refusal.
func (s *stream) putBack(session driver.Session, err error) {
	refused := s.Member != "" && errors.Is(err, driver.ErrRefused) && !errors.Is(err, driver.ErrBroken)
	stale := []driver.Session{session}
	s.mu.Lock()
	switch {
	case (err == nil || refused) && s.Kind != record.Connect && !s.ended:
		s.idle = append(s.idle, session)
		stale = nil
	case err != nil:
		stale = append(stale, s.idle...)
		s.idle = nil
	}
	s.mu.Unlock()
	closeAll(stale)
}

// closeAll closes sessions that nobody uses any more. That it goes wrong with
// broken ones is to be expected.
func closeAll(sessions []driver.Session) {
	var wg sync.WaitGroup
	for _, c := range sessions {
		wg.Go(func() { _ = c.Close() })
	}
	wg.Wait()
}

// note records an attempt that has ended.
func (s *stream) note(a record.Attempt, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return // it was recorded as unknown when it was given up
	}
	delete(s.underWay, a.Seq)
	s.cfg.Journal.Attempt(a, cause)
	h := &s.health
	h.Attempts++
	if a.Outcome == record.Acked {
		h.Acked++
		h.LastAck, h.FirstFail = a.Done, 0
		return
	}
	h.LastFail, h.LastCause = a.Done, cause
	if h.FirstFail == 0 {
		h.FirstFail = a.Done
	}
}

// finish waits for the attempts under way and closes the sessions. It returns
// how many attempts it had to give up.
func (s *stream) finish() int {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.work.Wait()
	}()
	limit := time.NewTimer(s.Connect + s.Reply + grace)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	}
	s.mu.Lock()
	stuck := len(s.underWay)
	for _, a := range s.underWay {
		a.Done, a.Outcome, a.Expired = s.now(), record.Unknown, true
		s.cfg.Journal.Attempt(a, "did not return by its deadline")
	}
	s.ended = true
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	closeAll(idle)
	return stuck
}
