package shell

import (
	"context"
	"strconv"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Shell functions where a person would look at ps.
const (
	// pids prints the numbers of the processes of a program.
	pids = `pids() { for p in /proc/[0-9]*; do ` +
		`read -r c <$p/comm && [ "$c" = "$1" ] && echo ${p#/proc/}; done 2>/dev/null; }; `
	// pidsOf prints those that were also started with an argument, by itself or as path=.
	pidsOf = `pids() { for p in /proc/[0-9]*; do ` +
		`read -r c <$p/comm && [ "$c" = "$1" ] && grep -qzxF -e "$2" -e "path=$2" $p/cmdline && ` +
		`echo ${p#/proc/}; done 2>/dev/null; }; `
	// end ends a program and waits until it has ended, a minute at most.
	end = `for p in $(pids "$1" "$3"); do kill -"$2" $p; i=0
while [ -e /proc/$p ] && [ $((i += 1)) -lt 1200 ]; do sleep 0.05; done; [ ! -e /proc/$p ] || exit 1; done`
	// run starts a program in the background; it prints to a file of its name
	// in the folder given first, which is emptied before: whoever waits for a line
	// must not find that of the start before.
	run = `out=$1/${2##*/}.out; shift; : >$out; nohup "$@" </dev/null >>$out 2>&1 & `
	// begin starts a program and waits until it has said something, a minute at
	// most.
	begin = `said=$1; shift; ` + run + `
p=$!; i=0; while ! grep -q "$said" $out; do
[ -e /proc/$p ] && [ $((i += 1)) -lt 1200 ] || { cat $out; exit 1; }; sleep 0.05; done`
	// stays starts a program and makes sure that it does not end at once, as it
	// does when it refuses a file.
	stays = run + `p=$!; for i in 1 2 3 4; do sleep 0.05; [ -e /proc/$p ] || { cat $out; exit 1; }; done`
)

// Program is a program that runs in the background.
type Program struct {
	Argv []string
	Dir  string // where it prints to a file of its name
	Says string // a line of it that says that it is up, as grep finds it; "": it is up if it does not end at once
}

// Start starts a program and waits until it is up. If it ends before, or is not up
// after a minute, the answer is what it has printed.
func Start(ctx context.Context, m driver.Member, p Program) (host.Answer, error) {
	args := append([]string{p.Dir}, p.Argv...)
	if p.Says == "" {
		return m.Run(ctx, Script(stays, "start", args...))
	}
	return m.Run(ctx, Script(begin, "start", append([]string{p.Says}, args...)...))
}

// Stop sends a signal, "TERM" or "KILL", to all processes of a program and waits
// until they have ended, a minute for each at most. Of several of a name, only those are meant
// that were started with an argument, if that is given.
func Stop(ctx context.Context, m driver.Member, program, signal string, argument ...string) error {
	args := append([]string{program, signal}, argument...)
	if _, err := m.Run(ctx, Script(finder(argument)+end, "stop", args...)); err != nil {
		return phrase.Errorf("stop %s on %s: %w", program, m.Name, err)
	}
	return nil
}

// finder is the shell function that finds them.
func finder(argument []string) string {
	if len(argument) == 0 {
		return pids
	}
	return pidsOf
}

// Processes are the numbers of a program's processes, by its name as the kernel
// has it: the first 15 bytes; of those that were started with an argument, if that is given.
func Processes(ctx context.Context, m driver.Member, program string, argument ...string) ([]int, error) {
	script := Script(finder(argument)+`pids "$@"; true`, "pids", append([]string{program}, argument...)...)
	out, err := look(ctx, m.Node, script.Argv...)
	if err != nil {
		return nil, phrase.Errorf("look for %s on %s: %w", program, m.Name, err)
	}
	var all []int
	for word := range strings.FieldsSeq(out) {
		if n, err := strconv.Atoi(word); err == nil {
			all = append(all, n)
		}
	}
	return all, nil
}
