package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// sameRequest is how long after a signal others are taken for the same request:
// timeout(1) signals its child and then its group, make passes on what its child
// has had already, and a terminal that is closed is told of by kernel and shell.
const sameRequest = time.Second

// interrupts are the signals that ask a run to end.
type interrupts struct {
	signals chan os.Signal
	which   []os.Signal
}

// catchInterrupts has the signals that ask a run to end come here. A hangup that
// whoever started us has switched off, as nohup does, stays switched off.
func catchInterrupts() interrupts {
	in := interrupts{signals: make(chan os.Signal, 2), which: []os.Signal{os.Interrupt, syscall.SIGTERM}}
	if !signal.Ignored(syscall.SIGHUP) {
		in.which = append(in.which, syscall.SIGHUP)
	}
	signal.Notify(in.signals, in.which...)
	return in
}

// alone takes the signals from everybody else. Ginkgo wants them too and leaves
// out cleaning up at the second one, however soon that comes. It must be called
// before anything is started: a signal that comes in the middle of it ends the
// process.
func (in interrupts) alone() {
	signal.Reset(in.which...)
	signal.Notify(in.signals, in.which...)
}

// forget gives the signals back.
func (in interrupts) forget() { signal.Stop(in.signals) }

// handleSignals calls first at the first signal, and again at the first one that
// comes more than [sameRequest] later. It returns after both calls, or when ctx
// ends.
func handleSignals(ctx context.Context, signals <-chan os.Signal, first, again func()) {
	select {
	case <-signals:
	case <-ctx.Done():
		return
	}
	asked := time.Now()
	first()
	for {
		select {
		case <-signals:
			if time.Since(asked) >= sameRequest {
				again()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// output is what a command prints to. A reader that goes away, as head(1) or a
// closed terminal does, costs it the lines and not what it is doing.
type output struct {
	mu  sync.Mutex // guards all
	w   io.Writer
	err error // of the first line that was lost; the others are not tried
}

// lastingOutput returns an output that writes to w. From then on a closed pipe
// does not end the process. SIGPIPE is caught and not ignored, since child
// processes would inherit that.
func lastingOutput(w io.Writer) *output {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return &output{w: w}
}

// Write never fails.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		_, o.err = o.w.Write(b)
	}
	return len(b), nil
}

// lost returns why lines are missing; nil if none are, or if the reader has gone.
func (o *output) lost() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, gone := range []error{syscall.EPIPE, syscall.EIO, io.ErrClosedPipe} {
		if errors.Is(o.err, gone) {
			return nil
		}
	}
	return o.err
}
