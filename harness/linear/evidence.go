package linear

import (
	"cmp"
	"slices"
)

// evidence is what is left of a piece without an order when all is taken away
// that it has none without either: gets, and puts that none of the gets left
// shows. Neither can make an order impossible by being taken away.
func (c *checker) evidence(all, piece []Operation, from []uint32) (ops []Operation, held []uint32) {
	ops = asTold(all, piece)
	broken := func(ops []Operation) bool { return c.broken(ops, from) }
	ops = shrink(ops, broken, func(op Operation, _ []Operation) bool { return !op.Put })
	ops = shrink(ops, broken, func(op Operation, left []Operation) bool { return op.Put && !showed(left, op.Value) })
	// for whoever reads it: the puts of what was shown, whatever their fate
	ops = with(ops, all, func(put Operation) bool { return showed(ops, put.Value) })
	// and, if that is not enough yet, one of those that it held before
	for _, v := range append([]uint32{0}, from...) {
		more := with(ops, all, func(put Operation) bool { return put.Value == v })
		if c.broken(more, []uint32{0}) {
			return more, nil
		}
	}
	return ops, from
}

// broken reports whether operations as they were told have no order, from
// whatever value. What there is no time left to tell is not.
func (c *checker) broken(told []Operation, from []uint32) bool {
	_, ops := resolve(told)
	possible := slices.ContainsFunc(from, func(v uint32) bool { return c.possible(ops, v) })
	return !possible && !c.late
}

// asTold are the operations of a piece as they were before they were resolved.
func asTold(all, piece []Operation) []Operation {
	puts := map[uint32]Operation{}
	for _, op := range all {
		if op.Put {
			puts[op.Value] = op
		}
	}
	told := slices.Clone(piece)
	for i, op := range told {
		if op.Put {
			told[i] = puts[op.Value]
		}
	}
	return told
}

func showed(ops []Operation, value uint32) bool {
	return slices.ContainsFunc(ops, func(o Operation) bool { return !o.Put && o.Value == value })
}

// with adds the puts that are wanted and not there yet.
func with(ops, all []Operation, wanted func(Operation) bool) []Operation {
	more := slices.Clone(ops)
	for _, op := range all {
		if op.Put && wanted(op) && !slices.Contains(ops, op) {
			more = append(more, op)
		}
	}
	slices.SortStableFunc(more, func(a, b Operation) int { return cmp.Compare(a.Invoked, b.Invoked) })
	return more
}

// shrink takes operations away, the last ones first and ever fewer at once, as
// long as what is left is still broken.
func shrink(ops []Operation, broken func([]Operation) bool, free func(Operation, []Operation) bool) []Operation {
	for size := len(ops); size > 0; size /= 2 {
		for end := len(ops); end > 0; {
			at := max(0, end-size)
			less := slices.Clone(ops[:at])
			for _, op := range ops[at:end] {
				if !free(op, ops) {
					less = append(less, op)
				}
			}
			less = append(less, ops[end:]...)
			if len(less) < len(ops) && broken(less) {
				ops = less
			}
			end = at
		}
	}
	return ops
}
