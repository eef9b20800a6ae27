package console

import "strings"

// Marks around a value that a program is made to print, so that it is found
// whatever headings, row numbers and times are printed around it.
const (
	MarkOpen  = "<|"
	MarkClose = "|>"
)

// Values are all marked values of a text, in their order.
func Values(text string) (all []string) {
	for {
		_, after, ok := strings.Cut(text, MarkOpen)
		if !ok {
			return all
		}
		value, behind, ok := strings.Cut(after, MarkClose)
		if !ok {
			return all
		}
		all, text = append(all, value), behind
	}
}
