package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Attempts and tokens are written as rows of numbers, since there are many.

const (
	attemptFields = 12
	tokenFields   = 3
)

func appendAttempts(b []byte, as []Attempt) []byte {
	b = append(b, '[')
	for i, a := range as {
		if i > 0 {
			b = append(b, ',')
		}
		expired := int64(0)
		if a.Expired {
			expired = 1
		}
		b = appendRow(b,
			int64(a.Stream), int64(a.Seq),
			int64(a.Intended), int64(a.Sent-a.Intended), int64(a.Done-a.Sent),
			int64(a.Outcome), expired,
			int64(a.Member), int64(a.Epoch), int64(a.Cause), int64(a.Saw), int64(a.Wait),
		)
	}
	return append(b, ']')
}

func appendTokens(b []byte, ts []Stored) []byte {
	b = append(b, '[')
	for i, t := range ts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRow(b, int64(t.Stream), int64(t.Seq), int64(t.Member))
	}
	return append(b, ']')
}

func appendRow(b []byte, ns ...int64) []byte {
	b = append(b, '[')
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return append(b, ']')
}

// parseAttempts appends the rows to the record, if all of them are valid.
func (r *Record) parseAttempts(raw []byte) error {
	var rows [][]int64
	if err := json.Unmarshal(raw, &rows); err != nil {
		return err
	}
	kept := len(r.Attempts)
	for _, row := range rows {
		a, err := r.attempt(row)
		if err != nil {
			r.Attempts = r.Attempts[:kept]
			return err
		}
		r.Attempts = append(r.Attempts, a)
	}
	return nil
}

func (r *Record) attempt(row []int64) (Attempt, error) {
	if len(row) != attemptFields {
		return Attempt{}, fmt.Errorf("attempt of %d fields, want %d", len(row), attemptFields)
	}
	var c checked
	sent := c.add(row[2], row[3])
	a := Attempt{
		Stream: uint8(c.in(row[0], 0, int64(len(r.Head.Streams))-1)), //nolint:gosec // checked
		Seq:    uint32(c.in(row[1], 1, math.MaxUint32)),              //nolint:gosec // checked
		//
		Intended: time.Duration(row[2]),
		Sent:     time.Duration(sent),
		Done:     time.Duration(c.add(sent, c.in(row[4], 0, math.MaxInt64))),
		Outcome:  Outcome(c.in(row[5], int64(Unknown), int64(Refused))), //nolint:gosec // checked
		Expired:  c.in(row[6], 0, 1) == 1,
		Member:   uint8(c.in(row[7], 0, int64(len(r.Head.Members)))), //nolint:gosec // checked
		Epoch:    uint32(c.in(row[8], 0, math.MaxUint32)),            //nolint:gosec // checked
		Cause:    uint16(c.in(row[9], 0, int64(len(r.Causes))-1)),    //nolint:gosec // checked
		Wait:     uint32(c.in(row[11], 0, math.MaxUint32)),           //nolint:gosec // checked
		Saw:      uint32(c.in(row[10], 0, math.MaxUint32)),           //nolint:gosec // checked
	}
	return a, c.err
}

func (r *Record) parseTokens(raw []byte) error {
	if len(r.Copies) == 0 {
		return errors.New("tokens before any copy")
	}
	var rows [][]int64
	if err := json.Unmarshal(raw, &rows); err != nil {
		return err
	}
	to := &r.Copies[len(r.Copies)-1].Tokens
	kept := len(*to)
	for _, row := range rows {
		if len(row) != tokenFields {
			*to = (*to)[:kept]
			return fmt.Errorf("token of %d fields, want %d", len(row), tokenFields)
		}
		var c checked
		t := Stored{
			Stream: uint8(c.in(row[0], 0, math.MaxUint8)),              //nolint:gosec // checked
			Seq:    uint32(c.in(row[1], 0, math.MaxUint32)),            //nolint:gosec // checked
			Member: uint8(c.in(row[2], 0, int64(len(r.Head.Members)))), //nolint:gosec // checked
		}
		if c.err != nil {
			*to = (*to)[:kept]
			return c.err
		}
		*to = append(*to, t)
	}
	return nil
}

// checked keeps the first number that is out of its range.
type checked struct{ err error }

func (c *checked) in(n, least, most int64) int64 {
	if (n < least || n > most) && c.err == nil {
		c.err = fmt.Errorf("number %d is not within %d and %d", n, least, most)
	}
	return n
}

func (c *checked) add(a, b int64) int64 {
	sum := a + b
	if (b > 0 && sum < a) || (b < 0 && sum > a) {
		c.in(1, 0, 0)
	}
	return sum
}
