package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Log is a log file of a node. In the middle of a long one something is left out, in whole lines.
type Log struct {
	File       string
	Head, Tail string // all of it is in Head if it is short
	Cut        int64  // bytes between them that are left out
	Lines      string // that were looked for, the last ones of the whole file
}

// Logs are the log files of a node.
type Logs struct {
	Files []Log
	// Began and Ended are what the node's clock said when they were read, in its own zone.
	Began, Ended time.Time
}

// mostLogs is how many files of a node are read. Of further ones all is cut.
const mostLogs = 16

// mostLines is how many of the lines that are looked for are read of a file, the last ones.
const mostLines = 200

// readLogs prints what the clock says, and every file once: its size, how much of it is
// shown, the size of the lines that are looked for, and its name in a line; half of what may
// be shown from its start and half from its end, or all of it; those lines; and the end of a
// line. At the end it prints what the clock says then.
const readLogs = `half=$1; i=0; seen=; clock='+%%Y-%%m-%%d %%H:%%M:%%S.%%N %%z %%Z'; date "$clock"
for f in %s; do f=$(readlink -f "$f"); [ -f "$f" ] && [ -r "$f" ] || continue
case "$seen" in *"|$f|"*) continue;; esac; seen="$seen|$f|"; i=$((i + 1)); n=$(($(wc -c <"$f"))); show=$half
[ $i -le $2 ] || show=0; [ $n -gt $((2 * show)) ] || show=$n; lines=
[ -z "$3" ] || lines=$(grep -aiE -e "$3" "$f" | tail -n "$4" | cut -b 1-4000)
echo "$n $show $(($(printf %%s "$lines" | wc -c))) $f"
if [ $n -le $show ]; then head -c $n "$f"; elif [ $show -gt 0 ]; then head -c $show "$f"; tail -c $show "$f"; fi
printf '%%s\n' "$lines"
done; date "$clock"`

// ReadLogs reads the files that stand at paths, as a shell of the node reads these, and of
// each no more than most bytes, and the lines that an extended regular expression of grep
// finds in any case, "" for none. None need be there. What it looks at stands in no record.
func ReadLogs(ctx context.Context, n host.Node, most int, lines string, paths ...string) (Logs, error) {
	script := Script(fmt.Sprintf(readLogs, strings.Join(paths, " ")), "logs",
		strconv.Itoa(most/2), strconv.Itoa(mostLogs), lines, strconv.Itoa(mostLines))
	printed, err := look(ctx, n, script.Argv...)
	if err != nil {
		return Logs{}, phrase.Errorf("read the logs of %s: %w", n.Name(), err)
	}
	logs, err := logsIn(printed)
	if err != nil {
		return logs, phrase.Errorf("read the logs of %s: %w", n.Name(), err)
	}
	return logs, nil
}

// logsIn reads what readLogs has printed.
func logsIn(printed string) (logs Logs, err error) {
	line, rest, _ := strings.Cut(printed, "\n")
	if logs.Began, err = nodeTime(line); err != nil {
		return logs, err
	}
	for {
		line, rest, _ = strings.Cut(rest, "\n")
		if rest == "" {
			logs.Ended, err = nodeTime(line)
			return logs, err
		}
		var size, shown, found int
		if _, err := fmt.Sscanf(line, "%d %d %d", &size, &shown, &found); err != nil {
			return logs, phrase.Errorf("%q is no size", line)
		}
		text := shown
		if size > shown {
			text = 2 * shown
		}
		if len(rest) <= text+found {
			return logs, phrase.Errorf("%s became shorter meanwhile", line)
		}
		log := bounded(rest[:shown], rest[shown:text], int64(size))
		log.File, log.Lines = strings.SplitN(line, " ", 4)[3], rest[text:text+found]
		logs.Files, rest = append(logs.Files, log), rest[text+found+1:]
	}
}

// nodeTime reads the clock of a node: date, time, offset and name of its zone. A date that
// knows no fractions of a second leaves those out.
func nodeTime(line string) (time.Time, error) {
	parts := strings.Fields(line)
	if len(parts) != 4 {
		return time.Time{}, phrase.Errorf("the clock says %q", line)
	}
	whole, fraction, _ := strings.Cut(parts[1], ".")
	if strings.Trim(fraction, "0123456789") == "" && fraction != "" {
		whole += "." + fraction
	}
	at, err := time.Parse("2006-01-02 15:04:05 -0700", parts[0]+" "+whole+" "+parts[2])
	if err != nil {
		return time.Time{}, phrase.Errorf("the clock says %q", line)
	}
	_, offset := at.Zone()
	return at.In(time.FixedZone(parts[3], offset)), nil
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
