package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Near are the words that a word is most likely a slip of, at most so many, the likeliest
// first. Numbers that are as like are ordered by their difference.
func Near(word string, among []string, most int) []string {
	type near struct {
		word       string
		slips, far int
	}
	all := make([]near, 0, len(among))
	for _, w := range among {
		all = append(all, near{w, slips(strings.ToLower(word), strings.ToLower(w)), apart(word, w)})
	}
	slices.SortStableFunc(all, func(a, b near) int {
		return cmp.Or(a.slips-b.slips, a.far-b.far, strings.Compare(a.word, b.word))
	})
	words := make([]string, 0, most)
	for _, n := range all[:min(most, len(all))] {
		words = append(words, n.word)
	}
	return words
}

// slips is how many characters have to be put in, left out or changed, or two neighbours to
// be swapped, to make one word of the other.
func slips(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last := []int(nil), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(from); i++ {
		row := make([]int, len(to)+1)
		row[0] = i
		for j := 1; j <= len(to); j++ {
			change := last[j-1]
			if from[i-1] != to[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(to)]
}

// apart is the difference of two numbers, 0 if one of them is none.
func apart(a, b string) int {
	m, errA := strconv.Atoi(strings.TrimLeft(a, "#-"))
	n, errB := strconv.Atoi(strings.TrimLeft(b, "#-"))
	if errA != nil || errB != nil {
		return 0
	}
	return max(m-n, n-m)
}
