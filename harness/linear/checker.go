package linear

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// checker asks porcupine, until it is late.
type checker struct {
	until time.Time
	late  bool
}

// ends are the values that the register may hold after a piece that began
// with one of others. There is none if the piece has no order.
func (c *checker) ends(piece []Operation, from []uint32) []uint32 {
	from = slices.DeleteFunc(slices.Clone(from), func(v uint32) bool { return !c.possible(piece, v) })
	last := lastPuts(piece)
	if len(from) == 0 || len(last) == 0 {
		return from
	}
	if len(last) == 1 {
		return last
	}
	end := piece[0].Invoked
	for _, op := range piece {
		end = max(end, op.Returned)
	}
	return slices.DeleteFunc(last, func(v uint32) bool {
		shows := Operation{Value: v, Invoked: end + 1, Returned: end + 1}
		followed := append(slices.Clip(piece), shows)
		return !slices.ContainsFunc(from, func(f uint32) bool { return c.possible(followed, f) })
	})
}

// lastPuts are the values of the puts that no other one began after.
func lastPuts(piece []Operation) []uint32 {
	var latest time.Duration
	for _, op := range piece {
		if op.Put {
			latest = max(latest, op.Invoked)
		}
	}
	var values []uint32
	for _, op := range piece {
		if op.Put && op.Returned >= latest {
			values = append(values, op.Value)
		}
	}
	return values
}

// possible reports whether the operations have an order if the register holds
// the value before them. Once the checker is late everything is possible.
func (c *checker) possible(ops []Operation, from uint32) bool {
	left := time.Until(c.until)
	if c.late = c.late || left <= 0; c.late {
		return true
	}
	history := make([]porcupine.Operation, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		history = append(history, porcupine.Operation{Input: op, Call: int64(op.Invoked), Return: int64(op.Returned)})
	}
	answer := porcupine.CheckOperationsTimeout(register(from), history, left)
	c.late = answer == porcupine.Unknown
	return answer != porcupine.Illegal
}

// register is how one copy behaves.
func register(from uint32) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return from },
		Step: func(state, input, _ any) (bool, any) {
			op, _ := input.(*Operation) // history has nothing else
			if op.Put {
				return true, op.Value
			}
			return op.Value == state, state
		},
	}
}
