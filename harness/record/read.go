package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"drillbook/harness/phrase"
)

// ErrSchema is wrapped when a record is of a later version than this package.
var ErrSchema = phrase.Errorf("record is of a later version")

// CorruptError says where a journal is damaged or, if it wraps [ErrIncomplete],
// where it was cut off.
type CorruptError struct {
	Line int // from 1
	Err  error
}

func (e *CorruptError) Error() string { return e.Phrase().Text }

// Phrase is the same for reports in other languages.
func (e *CorruptError) Phrase() phrase.Phrase {
	if errors.Is(e.Err, ErrIncomplete) {
		return phrase.Say("line %d: %v", e.Line, e.Err)
	}
	return phrase.Say("line %d is damaged: %v", e.Line, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// ReadFile reads the record in a file, as [Read] does.
func ReadFile(name string) (*Record, error) {
	f, err := os.Open(name) //nolint:gosec // the record that the caller names
	if err != nil {
		return nil, phrase.Errorf("read record: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	rec, err := Read(f)
	if err != nil {
		return rec, phrase.Errorf("read record %s: %w", name, err)
	}
	return rec, nil
}

// Read reads a journal. Of one that was cut off it returns all whole lines,
// and no error: such a record has no Tail. Of one that is damaged it returns what
// stands before the damage and a [CorruptError]. In both cases [Record.Flaw] says
// where. Without a readable head the record is nil.
func Read(r io.Reader) (*Record, error) {
	in := reader{lines: bufio.NewReaderSize(r, 1<<16)}
	flaw := in.readAll()
	if in.rec == nil {
		switch {
		case flaw == nil:
			return nil, phrase.Errorf("%w: it is empty", ErrIncomplete)
		case errors.Is(flaw, ErrSchema):
			return nil, flaw.Err
		}
		return nil, flaw
	}
	if flaw == nil && in.rec.Tail == nil {
		flaw = &CorruptError{in.line, phrase.Errorf("%w: it ends behind this line, without a tail", ErrIncomplete)}
	}
	in.rec.Flaw = flaw
	if flaw == nil || errors.Is(flaw, ErrIncomplete) {
		return in.rec, nil
	}
	return in.rec, flaw
}

// reader is a journal that is being read.
type reader struct {
	lines *bufio.Reader
	rec   *Record
	line  int    // which was read last
	sum   uint32 // of all lines so far; of schema 1, 0
}

// readAll reads lines up to the end or the first that is not as it should be.
func (r *reader) readAll() *CorruptError {
	for {
		line, err := r.lines.ReadBytes('\n')
		if len(line) == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		r.line++
		switch {
		case errors.Is(err, io.EOF):
			err = phrase.Errorf("%w: the line has no end", ErrIncomplete)
		case err == nil:
			err = r.parse(bytes.TrimSuffix(line, []byte{'\n'}))
		}
		if err != nil {
			return &CorruptError{r.line, err}
		}
	}
}

func (r *reader) parse(line []byte) error {
	body, err := r.unseal(line)
	if err != nil {
		return err
	}
	var l struct {
		K string          `json:"k"`
		V json.RawMessage `json:"v"`
	}
	if err := json.Unmarshal(body, &l); err != nil {
		return err
	}
	if r.rec != nil {
		return r.rec.parse(l.K, l.V)
	}
	if l.K != keyHead {
		return phrase.Errorf("a record begins with its head, not with %q", l.K)
	}
	r.rec, err = parseHead(l.V)
	if r.rec != nil && r.rec.Head.Schema < chainSchema {
		r.sum = 0
	}
	return err
}

// chainSchema is the first version whose checksums are over all lines so far.
const chainSchema = 2

// unseal checks the checksum of a line and returns what stands behind it.
func (r *reader) unseal(line []byte) ([]byte, error) {
	sum, body, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(sum) != 8 {
		return nil, phrase.Errorf("no checksum")
	}
	got := crc32.Update(r.sum, castagnoli(), body)
	if want := fmt.Sprintf("%08x", got); want != string(sum) {
		if r.rec != nil && bytes.HasPrefix(body, []byte(`{"k":"`+keyHead+`"`)) {
			return nil, phrase.Errorf("the head of another record stands here")
		}
		return nil, phrase.Errorf("its checksum is %s and not %s: it was changed, is of another record, "+
			"or does not follow the line before", sum, want)
	}
	if r.rec == nil || r.rec.Head.Schema >= chainSchema {
		r.sum = got
	}
	return body, nil
}

type laterError struct{ schema int }

func (e *laterError) Error() string { return e.Phrase().Text }

// Phrase is the same for reports in other languages.
func (e *laterError) Phrase() phrase.Phrase {
	return phrase.Say("the record has schema %d, this drillbook reads up to %d: use a newer drillbook", e.schema,
		Schema)
}

func (e *laterError) Unwrap() error { return ErrSchema }

func parseHead(raw []byte) (*Record, error) {
	var version struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return nil, err
	}
	if version.Schema > Schema {
		return nil, &laterError{version.Schema}
	}
	rec := &Record{Causes: []string{""}}
	if err := json.Unmarshal(raw, &rec.Head); err != nil {
		return nil, err
	}
	if err := rec.Head.check(); err != nil {
		return nil, err
	}
	return rec, nil
}

// check is what measuring relies on.
func (h *Head) check() error {
	if h.Schema < 1 {
		return phrase.Errorf("schema %d", h.Schema)
	}
	if len(h.Streams) > 255 || len(h.Members) > 255 {
		return phrase.Errorf("more than 255 streams or members")
	}
	for _, s := range h.Streams {
		if s.Interval <= 0 || s.Connect <= 0 || s.Reply <= 0 {
			return phrase.Errorf("stream %q has an interval or deadline that is not positive", s.Name)
		}
	}
	return nil
}

func (r *Record) parse(key string, raw []byte) error {
	if r.Tail != nil {
		return phrase.Errorf("something stands behind the tail")
	}
	switch key {
	case keyEvent:
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		r.Events = append(r.Events, e)
	case keyPhrase:
		return r.parsePhrase(raw)
	case keyCause:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if len(r.Causes) > maxCauses {
			return phrase.Errorf("too many causes")
		}
		r.Causes = append(r.Causes, s)
	case keyAttempts:
		return r.parseAttempts(raw)
	case keyCopy:
		var c Copy
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
		r.Copies = append(r.Copies, c)
	case keyTokens:
		return r.parseTokens(raw)
	case keyLog:
		var l Log
		if err := json.Unmarshal(raw, &l); err != nil {
			return err
		}
		r.Logs = append(r.Logs, l)
	case keyHead:
		return phrase.Errorf("the head of another record stands here")
	case keyTail:
		var t Tail
		if err := json.Unmarshal(raw, &t); err != nil {
			return err
		}
		r.Tail = &t
	default:
		return phrase.Errorf("line of unknown kind %q", key)
	}
	return nil
}

func (r *Record) parsePhrase(raw []byte) error {
	var p phrase.Phrase
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	if r.Phrases == nil {
		r.Phrases = map[string]phrase.Phrase{}
	}
	r.Phrases[p.Text] = p
	return nil
}
