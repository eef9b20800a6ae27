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

// linger is how long a session may owe an answer before it is closed. It then
// may still burden a server that does not notice.
const linger = 5 * time.Second

// grace is how much longer than its deadlines an attempt may take before the
// probe stops waiting for it.
const grace = time.Second

// stream is the running state of a [Stream].
type stream struct {
	Stream
	index int
	cfg   *Config
	pool  *pool
	slots chan struct{} // one per attempt under way, those given up included
	work  sync.WaitGroup
	life  context.Context // of everything that attempts do
	end   context.CancelFunc

	mu       sync.Mutex                // guards all below
	underWay map[uint32]record.Attempt // not recorded yet
	drained  chan struct{}             // if set, closed once nothing is under way
	health   Health
	ended    bool
}

func newStream(ctx context.Context, i int, s Stream, cfg *Config) *stream {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	return &stream{
		Stream:   s,
		index:    i,
		cfg:      cfg,
		pool:     newPool(life, s),
		slots:    make(chan struct{}, s.Sessions+Sessions(s.Interval, s.Connect)),
		life:     life,
		end:      end,
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
		s.send(seq, intended)
	}
}

// send lets an attempt leave.
func (s *stream) send(seq uint32, intended time.Duration) {
	a := record.Attempt{
		Stream: uint8(s.index), //nolint:gosec // there are at most 255 streams
		Seq:    seq, Intended: intended, Sent: s.now(),
	}
	s.mu.Lock()
	s.underWay[seq] = a
	s.mu.Unlock()
	select {
	case s.slots <- struct{}{}:
	default:
		a.Done, a.Outcome, a.Expired = a.Sent, record.Refused, true
		s.note(a, "connect: "+errFull.Error())
		return
	}
	s.work.Go(func() {
		defer func() { <-s.slots }()
		s.attempt(s.life, a)
	})
}

// attempt carries one attempt out and notes how it ended.
func (s *stream) attempt(ctx context.Context, a record.Attempt) {
	get := s.pool.get
	if s.Kind == record.Connect {
		get = s.pool.fresh
	}
	session, expired, err := get(ctx)
	if err != nil {
		// Nothing was sent yet, so nothing can have taken effect.
		a.Done, a.Outcome, a.Expired = s.now(), record.Refused, expired
		s.note(a, "connect: "+err.Error())
		return
	}
	a.Wait = s.waited(a.Sent, session)
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, max(linger, s.Reply))
	defer cancel()
	answered := make(chan error, 1)
	answer := a
	s.work.Go(func() { answered <- s.ask(ctx, session, &answer) })
	patience := time.NewTimer(s.Reply)
	defer patience.Stop()
	select {
	case err = <-answered:
		answer.Done = s.now()
		s.note(answer, judge(&answer, err))
	case <-patience.C:
		a.Done, a.Outcome, a.Expired = s.now(), record.Unknown, true
		s.note(a, "no answer by the deadline")
		s.pool.dropIdle(asked)
		err = <-answered
	}
	if err == nil {
		session.answered = time.Now()
	}
	s.putBack(session, asked, err)
}

// waited is how long it took until a server was asked, in microseconds: from
// when it had accepted the session, if that was opened meanwhile.
func (s *stream) waited(sent time.Duration, c conn) uint32 {
	asked := s.now()
	if accepted := c.accepted.Sub(s.cfg.Began); accepted > sent {
		asked = accepted
	} else if asked-sent < time.Millisecond {
		return 0 // it was at hand
	}
	return uint32((asked - sent) / time.Microsecond) //nolint:gosec // deadlines are short
}

// ask does what the stream's attempts do.
func (s *stream) ask(ctx context.Context, session conn, a *record.Attempt) (err error) {
	var ack driver.Ack
	token := driver.Token{Run: s.cfg.Run, Stream: s.index, Seq: a.Seq}
	register, ok := session.Session.(driver.Register)
	if !ok && (s.Kind == record.Put || s.Kind == record.Get) {
		return errNoRegister
	}
	switch s.Kind {
	case record.Write:
		ack, err = session.Write(ctx, token)
	case record.Put:
		ack, err = register.Put(ctx, token)
	case record.Reading:
		a.Saw, err = session.Read(ctx, s.cfg.Run, s.follows(record.Write))
	case record.Get:
		a.Saw, err = register.Get(ctx, s.cfg.Run, s.follows(record.Put))
	case record.Connect:
	}
	a.Epoch = ack.Epoch
	a.Member = uint8(slices.Index(s.cfg.Members, ack.Member) + 1) //nolint:gosec // there are at most 255 members
	return err
}

// errNoRegister: the streams were made for another driver.
var errNoRegister = fmt.Errorf("the sessions of this product keep no registers: %w", driver.ErrRefused)

// judge fills in the outcome and returns why it is not an ack.
func judge(a *record.Attempt, err error) string {
	switch {
	case err == nil:
		a.Outcome = record.Acked
		return ""
	case errors.Is(err, driver.ErrRefused):
		a.Outcome = record.Refused
	default:
		a.Outcome = record.Unknown
	}
	return err.Error()
}

// follows is the stream whose tokens are read: the first of the clients' of its
// kind.
func (s *stream) follows(kind record.StreamKind) int {
	return slices.IndexFunc(s.cfg.Streams, func(t Stream) bool { return t.Kind == kind && t.Member == "" })
}

// putBack keeps a session for later, or closes it. When a session of the
// clients' path fails, the idle ones are closed with it, as connection pools
// do, unless a server has answered them since: they most likely lead to the same
// place. A session with a given member survives a refusal.
func (s *stream) putBack(session conn, asked time.Time, err error) {
	refused := s.Member != "" && errors.Is(err, driver.ErrRefused) && !errors.Is(err, driver.ErrBroken)
	if (err == nil || refused) && s.Kind != record.Connect {
		s.pool.put(session)
		return
	}
	s.pool.discard(session)
	if err != nil {
		s.pool.dropIdle(asked)
	}
}

// note records an attempt that has ended.
func (s *stream) note(a record.Attempt, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return // it was recorded as unknown when it was given up
	}
	delete(s.underWay, a.Seq)
	if s.drained != nil && len(s.underWay) == 0 {
		close(s.drained)
		s.drained = nil
	}
	s.cfg.Journal.Attempt(a, cause)
	h := &s.health
	h.Attempts++
	if a.Outcome == record.Acked {
		h.Acked++
		if h.FirstFail > 0 {
			h.Back = a.Done
		}
		h.LastAck, h.FirstFail = a.Done, 0
		return
	}
	h.LastFail, h.LastCause = a.Done, cause
	if h.FirstFail == 0 {
		h.FirstFail = a.Done
	}
}

// finish waits for the attempts under way, which their deadlines bound, ends
// the sessions that owe answers, and closes all.
func (s *stream) finish() error {
	drained := make(chan struct{})
	s.mu.Lock()
	if len(s.underWay) == 0 {
		close(drained)
	} else {
		s.drained = drained
	}
	s.mu.Unlock()
	within(s.Connect+s.Reply+grace, drained)
	s.end()
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		s.work.Wait()
		s.pool.work.Wait()
	}()
	within(2*grace, joined)
	s.mu.Lock()
	for _, a := range s.underWay {
		a.Done, a.Outcome, a.Expired = s.now(), record.Unknown, true
		s.cfg.Journal.Attempt(a, "did not return by its deadline")
	}
	s.ended = true
	s.mu.Unlock()
	s.pool.close()
	select {
	case <-joined:
		return nil
	default:
		return fmt.Errorf("stream %s: a session does not end with its context: its driver must see to that", s.Name)
	}
}

// within waits for something to be done, but no longer than so long.
func within(limit time.Duration, done <-chan struct{}) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}
