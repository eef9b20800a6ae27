package probe

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// maxBehind is how far the harness may be behind its schedule before it skips the
// overdue attempts.
const maxBehind = time.Second

// answerWithin is how long an answer is waited for in a session after its attempt
// was given up. Then the session is closed; a server that does not notice may
// still be busy with it.
const answerWithin = 5 * time.Second

// grace is how long the probe waits for attempts beyond their deadlines when it
// stops.
const grace = time.Second

// stream is the running state of a [Stream].
type stream struct {
	Stream
	index  int
	cfg    *Config
	pool   *pool
	slots  chan struct{} // one per attempt under way, those given up included
	work   sync.WaitGroup
	ctx    context.Context // of everything that attempts do
	cancel context.CancelFunc

	mu       sync.Mutex                // guards all below
	underWay map[uint32]record.Attempt // not recorded yet
	drained  chan struct{}             // if set, closed once nothing is under way
	health   Health
	ended    bool
}

func newStream(ctx context.Context, i int, s Stream, cfg *Config) *stream {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &stream{
		Stream:   s,
		index:    i,
		cfg:      cfg,
		pool:     newPool(ctx, s),
		slots:    make(chan struct{}, s.Sessions+Sessions(s.Interval, s.Connect)),
		ctx:      ctx,
		cancel:   cancel,
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
		if now-intended > maxBehind {
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

// send starts an attempt.
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
		s.attempt(s.ctx, a)
	})
}

// attempt makes one attempt and records its outcome.
func (s *stream) attempt(ctx context.Context, a record.Attempt) {
	get := s.pool.get
	if s.Kind == record.Connect {
		get = s.pool.openSession
	}
	session, expired, err := get(ctx)
	if err != nil {
		// Nothing was sent yet, so nothing can have taken effect.
		a.Done, a.Outcome, a.Expired = s.now(), record.Refused, expired
		s.note(a, "connect: "+err.Error())
		return
	}
	a.Wait = s.waitedForSession(a.Sent, session)
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, max(answerWithin, s.Reply))
	defer cancel()
	answered := make(chan error, 1)
	answer := a
	s.work.Go(func() { answered <- s.ask(ctx, session, &answer) })
	patience := time.NewTimer(s.Reply)
	defer patience.Stop()
	select {
	case err = <-answered:
		answer.Done = s.now()
		s.note(answer, setOutcome(&answer, err))
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

// waitedForSession is the time until a server was asked, in microseconds. If the
// session was opened meanwhile, a server was asked when it had accepted it.
func (s *stream) waitedForSession(sent time.Duration, c conn) uint32 {
	asked := s.now()
	if accepted := c.accepted.Sub(s.cfg.Began); accepted > sent {
		asked = accepted
	} else if asked-sent < time.Millisecond {
		return 0 // an idle session was used
	}
	return uint32((asked - sent) / time.Microsecond) //nolint:gosec // deadlines are short
}

// ask sends the operation of an attempt and waits for the answer.
func (s *stream) ask(ctx context.Context, session conn, a *record.Attempt) (err error) {
	var ack driver.Ack
	var seen driver.Seen
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
		seen, err = session.Read(ctx, s.cfg.Run, s.readsFrom(record.Write))
		a.Saw, ack.Member = seen.Seq, seen.Member
	case record.Get:
		a.Saw, err = register.Get(ctx, s.cfg.Run, s.readsFrom(record.Put))
	case record.Connect:
	}
	a.Epoch = ack.Epoch
	a.Member = uint8(slices.Index(s.cfg.Members, ack.Member) + 1) //nolint:gosec // there are at most 255 members
	return err
}

// errNoRegister is a mistake of the caller: the streams were made for another
// driver.
var errNoRegister = phrase.Errorf("the sessions of this product keep no registers: %w", driver.ErrRefused)

// setOutcome sets the outcome of an attempt. It returns the cause if that is not
// an ack.
func setOutcome(a *record.Attempt, err error) string {
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

// readsFrom is the index of the stream whose tokens are read: the first stream of
// clients of the given kind.
func (s *stream) readsFrom(kind record.StreamKind) int {
	return slices.IndexFunc(s.cfg.Streams, func(t Stream) bool { return t.Kind == kind && t.Member == "" })
}

// putBack returns a session to the pool, or closes it. When a session on the
// clients' path fails, the idle ones are closed too, as connection pools do,
// unless a server has answered them since: they most likely lead to the same
// server. A session with a given member survives a refusal.
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
			h.BackAt = a.Done
		}
		h.LastAck, h.LastAsked, h.FirstFail = a.Done, a.Asked(), 0
		return
	}
	h.LastFail, h.LastCause = a.Done, cause
	if h.FirstFail == 0 {
		h.FirstFail = a.Done
	}
}

// stop waits for the attempts under way, which their deadlines bound, ends the
// sessions that still owe answers, and closes all.
func (s *stream) stop() error {
	drained := make(chan struct{})
	s.mu.Lock()
	if len(s.underWay) == 0 {
		close(drained)
	} else {
		s.drained = drained
	}
	s.mu.Unlock()
	waitDone(s.Connect+s.Reply+grace, drained)
	s.cancel()
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		s.work.Wait()
		s.pool.work.Wait()
	}()
	waitDone(2*grace, joined)
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
		return phrase.Errorf("stream %s: a session does not end with its context: its driver must see to that", s.Name)
	}
}

// waitDone waits until done is closed, for limit at most.
func waitDone(limit time.Duration, done <-chan struct{}) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}
