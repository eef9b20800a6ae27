package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drillbook/harness/driver"
)

// registered is the stream whose register is tried.
const registered = 7

func (t *checker) register(ctx context.Context) error {
	if !t.d.Product().Registers {
		return errors.ErrUnsupported
	}
	return t.with(ctx, only(t.a), func(s driver.Session) error {
		r, ok := s.(driver.Register)
		if !ok {
			return errors.New("its product says that its sessions keep registers, but they do not")
		}
		for _, seq := range []uint32{2, 3, 1} { // an older number may well be put later
			const other = "drivertest of registers"
			ack, err := r.Put(ctx, driver.Token{Run: other, Stream: registered, Seq: seq})
			if err != nil {
				return err
			}
			if ack.Member != t.a.Name {
				return fmt.Errorf("%s acknowledged a put as %q", t.a.Name, ack.Member)
			}
			if got, err := r.Get(ctx, other, registered); err != nil || got != seq {
				return fmt.Errorf("got %d, %w, want %d, the last put", got, orNone(err), seq)
			}
			stored, err := s.Tokens(ctx, other)
			if err != nil {
				return err
			}
			mine := func(k driver.Stored) bool { return k.Stream == registered && k.Seq == seq }
			if !slices.ContainsFunc(stored, mine) {
				return fmt.Errorf("the token of put %d is not stored", seq)
			}
		}
		return nil
	})
}
