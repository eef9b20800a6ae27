package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Log is a log file of a node. In the middle of a long one something is left out, in whole lines.
type Log struct {
	File       string
	Head, Tail string // all of it is in Head if it is short
	Cut        int64  // bytes between them that are left out
}

// mostLogs is how many files of a node are read. Of further ones all is cut.
const mostLogs = 16

// readLogs prints every file once: its size and name in a line, half of what may be shown
// from its start and half from its end, or all of it, and the end of a line.
const readLogs = `half=$1; i=0; seen=; for f in %s; do f=$(readlink -f "$f"); [ -f "$f" ] && [ -r "$f" ] || continue
case "$seen" in *"|$f|"*) continue;; esac; seen="$seen|$f|"; i=$((i + 1)); n=$(($(wc -c <"$f"))); show=$half
[ $i -le $2 ] || show=0; [ $n -gt $((2 * show)) ] || show=$n; echo "$n $show $f"
if [ $n -le $show ]; then head -c $n "$f"; elif [ $show -gt 0 ]; then head -c $show "$f"; tail -c $show "$f"; fi; echo
done`

// ReadLogs reads the files that stand at paths, as a shell of the node reads these, and of
// each no more than most bytes. None need be there. What it looks at stands in no record.
func ReadLogs(ctx context.Context, n host.Node, most int, paths ...string) ([]Log, error) {
	script := fmt.Sprintf(readLogs, strings.Join(paths, " "))
	printed, err := look(ctx, n, Script(script, "logs", strconv.Itoa(most/2), strconv.Itoa(mostLogs)).Argv...)
	if err != nil {
		return nil, phrase.Errorf("read the logs of %s: %w", n.Name(), err)
	}
	var all []Log
	for printed != "" {
		var size, shown int
		line, rest, _ := strings.Cut(printed, "\n")
		if _, err := fmt.Sscanf(line, "%d %d", &size, &shown); err != nil {
			return all, phrase.Errorf("read the logs of %s: %q is no size", n.Name(), line)
		}
		text := shown
		if size > shown {
			text = 2 * shown
		}
		if len(rest) <= text {
			return all, phrase.Errorf("read the logs of %s: %s became shorter meanwhile", n.Name(), line)
		}
		log := bounded(rest[:shown], rest[shown:text], int64(size))
		log.File = strings.SplitN(line, " ", 3)[2]
		all, printed = append(all, log), rest[text+1:]
	}
	return all, nil
}

// Shorten keeps of a log no more than most bytes.
func Shorten(text string, most int) Log {
	if len(text) <= most {
		return Log{Head: text}
	}
	return bounded(text[:most/2], text[len(text)-most/2:], int64(len(text)))
}

// bounded is a log of so many bytes of which the start and perhaps the end were read:
// whole lines of them, so that what is left out splits none.
func bounded(head, tail string, size int64) Log {
	if int64(len(head)) == size {
		return Log{Head: head}
	}
	head = head[:strings.LastIndexByte(head, '\n')+1]
	_, tail, _ = strings.Cut(tail, "\n")
	return Log{Head: head, Tail: tail, Cut: size - int64(len(head)+len(tail))}
}
