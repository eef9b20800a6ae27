package local

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// settleDeadline is how long the kernel may take to do what it was told.
const settleDeadline = 10 * time.Second

// process is one that belongs to a folder.
type process struct {
	pid     int
	stopped bool
}

// processesOf are the processes that belong to a folder or one below it. Dead
// ones that nobody has buried are not among them, nor is a person's shell that
// was moved into that folder: it has a terminal and another environment.
func processesOf(ctx context.Context, folder string) ([]process, error) {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	if hasProc() {
		return listProc(folder)
	}
	return listPS(ctx, folder)
}

func hasProc() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}

// listProc reads Linux' /proc. Processes that end meanwhile, and those of
// others, which cannot be read, are passed over.
func listProc(folder string) ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, phrase.Errorf("list processes: %w", err)
	}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		named, stays := namesFolder(pid, folder), staysIn(pid, folder)
		if !named && !stays {
			continue
		}
		s, err := readStat(pid)
		if err == nil && s.state != 'Z' && (named || !s.terminal) {
			all = append(all, process{pid, s.stopped()})
		}
	}
	return all, nil
}

// staysIn goes by the working directory, which servers that overwrite their
// environment move into their data.
func staysIn(pid int, folder string) bool {
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && within(cwd, folder)
}

// namesFolder goes by the environment, which servers keep that move elsewhere.
func namesFolder(pid int, folder string) bool {
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if root, ok := bytes.CutPrefix(entry, []byte(host.EnvRoot+"=")); ok && within(string(root), folder) {
			return true
		}
	}
	return false
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// stat is what the kernel says of a process.
type stat struct {
	pid      int
	state    byte // one letter
	terminal bool
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	// The name stands in parentheses and may hold anything; after it come
	// state, parent, group, session, terminal.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 5 {
		return stat{}, phrase.Errorf("read the state of process %d: %q", pid, text)
	}
	return stat{pid, fields[0][0], fields[4] != "0"}, nil
}

// stopped reports whether the process will run no instruction of its own until
// it is resumed. One that waits in the kernel, such as a shell for the program
// that it has just made, is not shown as stopped before that ends, but the
// signal is waiting for it.
func (s stat) stopped() bool {
	if s.state != 'D' {
		return s.state == 'T' || s.state == 't'
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.pid) + "/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "\nShdPnd:")
	digits, _, _ := strings.Cut(rest, "\n")
	pending, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 64)
	return err == nil && pending&(1<<(syscall.SIGSTOP-1)) != 0
}

// listPS asks lsof for working directories and ps for states, where there is
// no /proc.
func listPS(ctx context.Context, folder string) ([]process, error) {
	// It ends with a code other than 0 whenever there is one thing that it
	// may not look at.
	text, err := exec.CommandContext(ctx, "lsof", "-nPw", "-d", "cwd", "-F", "pn").Output()
	if len(text) == 0 && err != nil {
		return nil, phrase.Errorf("list processes: lsof: %w", err)
	}
	var pids []string
	var pid string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "p"):
			pid = line[1:]
		case strings.HasPrefix(line, "n") && within(line[1:], folder) && pid != strconv.Itoa(os.Getpid()):
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, nil
	}
	return statesOf(ctx, pids)
}

// statesOf asks ps. It ends with code 1 if none of them lives any more.
func statesOf(ctx context.Context, pids []string) ([]process, error) {
	list := strings.Join(pids, ",")
	text, err := exec.CommandContext(ctx, "ps", "-o", "pid=,stat=,tty=", "-p", list).Output() //nolint:gosec // numbers
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, phrase.Errorf("list processes: ps: %w", err)
	}
	var all []process
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || !strings.HasPrefix(fields[2], "?") || fields[1][0] == 'Z' {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			return nil, phrase.Errorf("list processes: ps: %w", err)
		}
		all = append(all, process{pid, fields[1][0] == 'T'})
	}
	return all, nil
}

// isStopped reports whether a process is paused. One that has just ended is not.
func isStopped(ctx context.Context, pid int) (bool, error) {
	if hasProc() {
		s, err := readStat(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			return false, nil
		}
		return err == nil && s.stopped(), err
	}
	all, err := statesOf(ctx, []string{strconv.Itoa(pid)})
	return len(all) == 1 && all[0].stopped, err
}

// endAll kills everything that belongs to a folder, however much of it there is,
// and frees what the kernel would keep of it. All is paused first, so that
// nothing of it sees the rest die. It counts what it has killed.
func endAll(ctx context.Context, folder string) (int, error) {
	var killed []int
	memory := map[string]bool{}
	until := phrase.Say("every process in %s to end", folder)
	err := wait.For(ctx, until, settleDeadline, func(ctx context.Context) error {
		all, err := processesOf(ctx, folder)
		if err != nil || len(all) == 0 {
			return err
		}
		for _, id := range sharedMemory(all) {
			memory[id] = true
		}
		err = errors.Join(signal(all, syscall.SIGSTOP), signal(all, syscall.SIGKILL))
		for _, p := range all {
			if !slices.Contains(killed, p.pid) {
				killed = append(killed, p.pid)
			}
		}
		return errors.Join(err, phrase.Errorf("%d of them were still there", len(all)))
	})
	for id := range memory {
		// The kernel may have freed it by itself.
		_ = exec.CommandContext(ctx, "ipcrm", "-m", id).Run() //nolint:gosec // a number
	}
	return len(killed), err
}

// pauseAll pauses everything that belongs to a folder.
func pauseAll(ctx context.Context, folder string) error {
	return wait.For(ctx, phrase.Say("all processes to pause"), settleDeadline, func(ctx context.Context) error {
		all, err := processesOf(ctx, folder)
		if err != nil {
			return err
		}
		running := slices.DeleteFunc(all, func(p process) bool { return p.stopped })
		if len(running) == 0 {
			return nil
		}
		return errors.Join(signal(running, syscall.SIGSTOP), phrase.Errorf("%d of them were still running",
			len(running)))
	})
}

// resumeAll undoes pauseAll.
func resumeAll(ctx context.Context, folder string) error {
	all, err := processesOf(ctx, folder)
	if err != nil {
		return err
	}
	return signal(all, syscall.SIGCONT)
}

// signal sends a signal to processes, some of which may have ended.
func signal(all []process, s syscall.Signal) error {
	var errs []error
	for _, p := range all {
		if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, phrase.Errorf("send %s to process %d: %w", s, p.pid, err))
		}
	}
	return errors.Join(errs...)
}

// sharedMemory are the ids of the System V segments that processes have made,
// which stay when their makers are killed. Only Linux tells who made one.
func sharedMemory(of []process) []string {
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return nil
	}
	var ids []string
	for line := range strings.Lines(string(text)) {
		const id, maker = 1, 4
		fields := strings.Fields(line)
		if len(fields) > maker && slices.ContainsFunc(of, func(p process) bool {
			return fields[maker] == strconv.Itoa(p.pid)
		}) {
			ids = append(ids, fields[id])
		}
	}
	return ids
}
