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
	"strconv"
)

// ErrSchema is wrapped when a record is of a later version than this package.
var ErrSchema = errors.New("record is of a later version")

// CorruptError says where a journal is damaged.
type CorruptError struct {
	Line int // from 1
	Err  error
}

func (e *CorruptError) Error() string { return fmt.Sprintf("line %d is damaged: %v", e.Line, e.Err) }

func (e *CorruptError) Unwrap() error { return e.Err }

// ReadFile reads the record in a file, as [Read] does.
func ReadFile(name string) (*Record, error) {
	f, err := os.Open(name) //nolint:gosec // the record that the caller names
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	rec, err := Read(f)
	if err != nil {
		return rec, fmt.Errorf("read record %s: %w", name, err)
	}
	return rec, nil
}

// Read reads a journal. Of one that was cut off it returns all whole lines,
// and no error: such a record has no Tail. Of one that is damaged before its
// end it returns what stands before the damage and a [CorruptError]. Without a
// readable head the record is nil.
func Read(r io.Reader) (*Record, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var rec *Record
	var damage *CorruptError
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		whole := err == nil
		if err != nil && !errors.Is(err, io.EOF) {
			return rec, err
		}
		if len(line) == 0 {
			break
		}
		if damage != nil {
			return rec, damage // something stands behind it: not a mere cut
		}
		err = parseLine(&rec, line, whole)
		if later, ok := errors.AsType[*laterError](err); ok {
			return nil, later
		}
		if err != nil {
			damage = &CorruptError{Line: n, Err: err}
		}
		if !whole {
			break
		}
	}
	switch {
	case rec != nil:
		return rec, nil
	case damage != nil:
		return nil, damage
	default:
		return nil, fmt.Errorf("%w: it is empty", ErrIncomplete)
	}
}

func parseLine(rec **Record, line []byte, whole bool) error {
	if !whole {
		return fmt.Errorf("%w: the line has no end", ErrIncomplete)
	}
	body, err := unseal(bytes.TrimSuffix(line, []byte{'\n'}))
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
	if *rec == nil {
		if l.K != keyHead {
			return fmt.Errorf("a record begins with its head, not with %q", l.K)
		}
		*rec, err = parseHead(l.V)
		return err
	}
	return (*rec).parse(l.K, l.V)
}

// unseal checks the checksum of a line and returns what stands behind it.
func unseal(line []byte) ([]byte, error) {
	sum, body, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(sum) != 8 {
		return nil, errors.New("no checksum")
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil {
		return nil, errors.New("no checksum")
	}
	if got := crc32.Checksum(body, castagnoli()); uint64(got) != want {
		return nil, fmt.Errorf("checksum %08x, want %08x", got, want)
	}
	return body, nil
}

type laterError struct{ schema int }

func (e *laterError) Error() string {
	return fmt.Sprintf("the record has schema %d, this drillbook reads up to %d: use a newer drillbook", e.schema,
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
	return rec, rec.Head.check()
}

// check is what measuring relies on.
func (h *Head) check() error {
	if h.Schema < 1 {
		return fmt.Errorf("schema %d", h.Schema)
	}
	if len(h.Streams) > 255 || len(h.Members) > 255 {
		return errors.New("more than 255 streams or members")
	}
	for _, s := range h.Streams {
		if s.Interval <= 0 || s.Connect <= 0 || s.Reply <= 0 {
			return fmt.Errorf("stream %q has an interval or deadline that is not positive", s.Name)
		}
	}
	return nil
}

func (r *Record) parse(key string, raw []byte) error {
	if r.Tail != nil {
		return errors.New("something stands behind the tail")
	}
	switch key {
	case keyEvent:
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		r.Events = append(r.Events, e)
	case keyCause:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if len(r.Causes) > maxCauses {
			return errors.New("too many causes")
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
	case keyTail:
		var t Tail
		if err := json.Unmarshal(raw, &t); err != nil {
			return err
		}
		r.Tail = &t
	default:
		return fmt.Errorf("line of unknown kind %q", key)
	}
	return nil
}
