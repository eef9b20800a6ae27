package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"

	"drillbook/harness/phrase"
)

// A journal is a text file of one JSON object a line, each behind its checksum:
//
//	1f0a9c3e {"k":"event","v":{"at":1500000,"kind":"note"}}
//
// The checksum is CRC-32C, in eight hexadecimal digits, over the JSON of this
// line and of all before it: a line that was changed, left out, moved or taken
// from another record is noticed. In schema 1 it is over that of the line alone.
// The kinds k are head (first, once), phrase (how a text can be said in other languages), event,
// cause (numbered from 1 in order), attempts, copy, tokens (of the copy before), log and tail (last).

const (
	keyHead     = "head"
	keyEvent    = "event"
	keyPhrase   = "phrase"
	keyCause    = "cause"
	keyAttempts = "attempts"
	keyCopy     = "copy"
	keyTokens   = "tokens"
	keyLog      = "log"
	keyTail     = "tail"
)

// FlushEvery is how long an attempt may wait in memory before it is written.
const FlushEvery = 100 * time.Millisecond

// bufferSize is how much waits before it is written.
const bufferSize = 1 << 16

// mostKept is how much of what the disk refuses is kept in memory.
const mostKept = 16 << 20

// tokensPerLine bounds the length of a line of tokens.
const tokensPerLine = 4096

// maxCauses bounds the number of different reasons; further ones share the
// last number.
const maxCauses = 4096

// WriteSyncer is what a journal is written to, usually an [os.File].
type WriteSyncer interface {
	io.Writer
	Sync() error
}

// Writer writes a journal. Its methods may be called at the same time from
// several goroutines. It goes on after an error, which Err and Close report,
// so that whoever records need not look at every call. What could not be written,
// since the disk was full perhaps, is kept and tried again with what comes next. Once
// that is more than [mostKept], all that follows is lost, and the tail says how
// much. So a journal has no hole: it is whole, or cut, or its tail says that the last
// of it is missing.
type Writer struct {
	mu      sync.Mutex // guards all below
	to      WriteSyncer
	buf     []byte
	pending []Attempt
	causes  map[string]uint16
	phrases map[string]bool // the texts of those that were written
	scratch []byte
	sum     uint32 // of all lines so far
	err     error
	lost    int // lines that were not kept; none is, after the first
	closed  bool

	stop chan struct{}
	done chan struct{}
}

// NewWriter begins a journal with its head. The caller must Close the writer,
// and w after it.
func NewWriter(w WriteSyncer, head Head) (*Writer, error) {
	head.Schema = Schema
	j := &Writer{
		to:      w,
		causes:  map[string]uint16{},
		phrases: map[string]bool{},
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	j.value(keyHead, head)
	j.flush()
	if j.err != nil {
		return nil, fmt.Errorf("begin record: %w", j.err)
	}
	go j.flushing()
	return j, nil
}

func (j *Writer) flushing() {
	defer close(j.done)
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-j.stop:
			return
		case <-tick.C:
			j.mu.Lock()
			j.flush()
			j.mu.Unlock()
		}
	}
}

// Event writes an event at once.
func (j *Writer) Event(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.value(keyEvent, e)
	j.flush()
}

// Phrase writes how a text that the record has can be said in other languages, once
// for each text.
func (j *Writer) Phrase(p phrase.Phrase) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if p.Code == "" && p.Said == nil || p.Text == "" || j.closed || j.phrases[p.Text] {
		return
	}
	j.phrases[p.Text] = true
	j.value(keyPhrase, p)
}

// Attempt writes an attempt within [FlushEvery]. A cause other than "" is why
// it was not acked.
func (j *Writer) Attempt(a Attempt, cause string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	a.Cause = j.cause(cause)
	j.pending = append(j.pending, a)
}

// Copy writes what a member held.
func (j *Writer) Copy(c Copy) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.value(keyCopy, c)
	for rest := c.Tokens; len(rest) > 0; {
		n := min(len(rest), tokensPerLine)
		j.scratch = appendTokens(j.scratch[:0], rest[:n])
		j.line(keyTokens, j.scratch)
		rest = rest[n:]
	}
	j.flush()
}

// Err is the first error of writing.
func (j *Writer) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close writes the tail and returns the first error of writing. What is
// written after it is dropped.
func (j *Writer) Close(t Tail) error {
	j.mu.Lock()
	if j.closed {
		defer j.mu.Unlock()
		return j.err
	}
	j.closed = true
	j.mu.Unlock()
	close(j.stop)
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	if j.err != nil {
		t.Journal = j.err.Error()
	}
	if j.lost > 0 {
		t.Journal += fmt.Sprintf("; the last %d lines before this one could not be kept", j.lost)
	}
	j.value(keyTail, t)
	j.flush()
	j.fail(j.to.Sync())
	return j.err
}

func (j *Writer) cause(s string) uint16 {
	if s == "" {
		return 0
	}
	if n, ok := j.causes[s]; ok {
		return n
	}
	if len(j.causes) == maxCauses {
		return maxCauses
	}
	n := uint16(len(j.causes) + 1) //nolint:gosec // bounded by maxCauses
	j.causes[s] = n
	j.value(keyCause, s)
	return n
}

// flush hands everything pending to the operating system, which keeps it
// when this process is killed.
func (j *Writer) flush() {
	if len(j.pending) > 0 {
		j.scratch = appendAttempts(j.scratch[:0], j.pending)
		j.line(keyAttempts, j.scratch)
		j.pending = j.pending[:0]
	}
	j.write()
}

// write writes what it can of what waits.
func (j *Writer) write() {
	if len(j.buf) == 0 {
		return
	}
	n, err := j.to.Write(j.buf)
	if n > 0 { // much may be kept, and a full disk be tried often
		j.buf = j.buf[:copy(j.buf, j.buf[n:])]
	}
	j.fail(err)
}

func (j *Writer) value(key string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		j.fail(fmt.Errorf("encode %s: %w", key, err))
		return
	}
	j.line(key, b)
}

func (j *Writer) line(key string, value []byte) {
	if key != keyTail && (j.lost > 0 || j.err != nil && len(j.buf)+len(value) > mostKept) {
		j.lost++
		return
	}
	head := `{"k":"` + key + `","v":`
	for _, part := range [][]byte{[]byte(head), value, {'}'}} {
		j.sum = crc32.Update(j.sum, castagnoli(), part)
	}
	j.buf = fmt.Appendf(j.buf, "%08x %s", j.sum, head)
	j.buf = append(j.buf, value...)
	j.buf = append(j.buf, "}\n"...)
	if len(j.buf) >= bufferSize && j.err == nil {
		j.write()
	}
}

func (j *Writer) fail(err error) {
	if err != nil && j.err == nil {
		j.err = err
	}
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// ErrIncomplete is wrapped when what was read is not a whole journal.
var ErrIncomplete = errors.New("incomplete record")
