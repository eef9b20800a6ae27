package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// ErrMissing is wrapped by every error that says that this machine cannot run an
// image. The error says what to do.
var ErrMissing = phrase.Errorf("cannot run here")

const (
	// kept is the folder of what was prepared.
	kept = "native"
	// recipe is the version of how that is done here.
	recipe = "1"
	// keyDigits is how much of the hash of its inputs names it.
	keyDigits = 12
)

// Installed is what this machine has of an image.
type Installed struct {
	Folder string // of its programs, "" if it needs none
	User   string // who runs them
	as     *syscall.Credential
}

// Find says with what an image would be run. Its error wraps [ErrMissing] if it
// cannot be.
func Find(img host.Image) (Installed, error) {
	n := img.Native
	if n == nil {
		return Installed{}, phrase.Errorf("image %q %w without a container engine: nothing can take its place: %w",
			img.Name, ErrMissing, host.ErrUnsupported)
	}
	folder, err := findFolder(n)
	if err != nil {
		return Installed{}, phrase.Errorf("image %q %w: %w", img.Name, ErrMissing, err)
	}
	found := Installed{Folder: folder}
	if found.User, found.as, err = findUser(n.Users); err != nil {
		return Installed{}, phrase.Errorf("image %q %w: %w", img.Name, ErrMissing, err)
	}
	return found, nil
}

// findFolder looks for the folder that has all programs.
func findFolder(n *host.Native) (string, error) {
	if len(n.Programs) == 0 {
		return "", nil
	}
	var folders []string
	for _, pattern := range n.Folders {
		fitting, err := filepath.Glob(pattern)
		if err != nil {
			return "", phrase.Errorf("look in %s: %w", pattern, err)
		}
		folders = append(folders, fitting...)
	}
	slices.SortStableFunc(folders, func(a, b string) int { return slices.Compare(versionIn(b), versionIn(a)) })
	if n.Chosen == "" {
		folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	}
	for _, folder := range folders {
		if !slices.ContainsFunc(n.Programs, func(p string) bool { return !isProgram(filepath.Join(folder, p)) }) {
			return folder, nil
		}
	}
	mend := n.Install[runtime.GOOS]
	if mend == "" {
		mend = "install it"
	}
	if n.Chosen != "" {
		return "", phrase.Errorf("version %s is not installed here: none of %s has %s: `%s`", n.Chosen,
			strings.Join(n.Folders, ", "), strings.Join(n.Programs, ", "), mend)
	}
	return "", phrase.Errorf("no folder of PATH and none of %s has %s: `%s`",
		strings.Join(n.Folders, ", "), strings.Join(n.Programs, ", "), mend)
}

// versionIn are the numbers in a path: 9.6 comes before 17.
func versionIn(path string) []int {
	var numbers []int
	for _, digits := range strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(digits); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func isProgram(path string) bool {
	seen, err := os.Stat(path) //nolint:gosec // a folder of PATH is where programs are looked for
	return err == nil && seen.Mode().IsRegular() && seen.Mode()&0o111 != 0
}

// findUser is whom to run programs as: the harness' own user, but for root the
// first of others that there is.
func findUser(others []string) (string, *syscall.Credential, error) {
	me, err := user.Current()
	if err != nil {
		return "", nil, phrase.Errorf("find out who runs this: %w", err)
	}
	if os.Geteuid() != 0 || len(others) == 0 {
		return me.Username, nil, nil
	}
	for _, name := range others {
		if u, err := user.Lookup(name); err == nil {
			as, err := credential(u)
			return u.Username, as, err
		}
	}
	return "", nil, phrase.Errorf("root must not run its programs, and there is no user %s: run drillbook as "+
		"another user",
		strings.Join(others, " or "))
}

func credential(u *user.User) (*syscall.Credential, error) {
	ids := []string{u.Uid, u.Gid}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, phrase.Errorf("find the groups of %s: %w", u.Username, err)
	}
	numbers := make([]uint32, 0, len(ids)+len(groups))
	for _, id := range append(ids, groups...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, phrase.Errorf("find the ids of %s: %w", u.Username, err)
		}
		numbers = append(numbers, uint32(n))
	}
	return &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
}

// own gives a folder and everything in it to the user.
func (i Installed) own(dir string) error {
	if i.as == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(i.as.Uid), int(i.as.Gid)) //nolint:gosec // the user's own, who gains nothing by it
	})
}

// furnish makes the root of a node: a copy of what was prepared, or just the
// image's files where nothing has to be.
func (h *Host) furnish(ctx context.Context, n *node, spec host.Spec) error {
	if len(spec.Image.Native.Prepare) == 0 {
		return unpack(n.installed, spec.Image, n.root)
	}
	prepared, err := h.prepared(ctx, n, spec)
	if err != nil {
		return err
	}
	return copyAll(ctx, prepared, n.root)
}

// unpack makes a root with the image's files in it.
func unpack(as Installed, img host.Image, root string) error {
	if err := os.Mkdir(root, 0o700); err != nil {
		return phrase.Errorf("make the node's folder: %w", err)
	}
	if img.Files != nil {
		if err := os.CopyFS(filepath.Join(root, "image"), img.Files); err != nil {
			return phrase.Errorf("unpack image %s: %w", img.Name, err)
		}
	}
	return as.own(root)
}

// copyAll copies a folder with owners, modes and times.
func copyAll(ctx context.Context, from, to string) error {
	cp := exec.CommandContext(ctx, "cp", "-Rp", from, to) //nolint:gosec // our own folders
	if out, err := cp.CombinedOutput(); err != nil {
		return phrase.Errorf("copy %s to %s: %w: %s", from, to, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// prepared is the folder that a node's root is a copy of. It is prepared once
// for each state of its inputs, also when several processes want it at once.
func (h *Host) prepared(ctx context.Context, n *node, spec host.Spec) (string, error) {
	img := spec.Image
	dir, err := lock.Folder(kept)
	if err != nil {
		return "", err
	}
	key, err := keyOf(n.installed, img)
	if err != nil {
		return "", phrase.Errorf("prepare image %s: %w", img.Name, err)
	}
	final := filepath.Join(dir, img.Name+"-"+key)
	err = lock.Exclusively(ctx, kept+"-"+img.Name+"-"+key, func() error {
		if _, err := os.Stat(final); err == nil {
			return nil
		}
		began := time.Now()
		if err := h.prepare(ctx, n, spec, final); err != nil {
			return err
		}
		took := time.Since(began).Round(100 * time.Millisecond)
		h.say("image %s: prepared from %s in %s", img.Name, n.installed.Folder, took)
		return nil
	})
	if err != nil {
		return "", phrase.Errorf("prepare image %s: %w", img.Name, err)
	}
	return final, nil
}

// prepare works in the folder of the run, where everybody can get and from
// where Heal removes what a killed process leaves. Nothing is at final before
// it is complete.
func (h *Host) prepare(ctx context.Context, n *node, spec host.Spec, final string) error {
	img := spec.Image
	draft := &node{host: h, name: n.name, root: n.root + ".draft", log: n.log, installed: n.installed}
	draft.env = draft.environment(host.Spec{Image: img, Ports: spec.Ports})
	if err := unpack(n.installed, img, draft.root); err != nil {
		return err
	}
	answer, err := draft.run(ctx, host.Command{Argv: img.Native.Prepare})
	if err == nil && answer.Code != 0 {
		said := roster.LastLines(answer.Stdout + answer.Stderr)
		err = phrase.Errorf("%q ended with code %d: %s", img.Native.Prepare, answer.Code, said)
	}
	if err == nil {
		next := final + ".next"
		err = os.RemoveAll(next) // of a process that was killed here
		if err == nil {
			err = copyAll(ctx, draft.root, next)
		}
		if err == nil {
			err = os.Rename(next, final)
		}
	}
	return errors.Join(err, os.RemoveAll(draft.root))
}

// keyOf is the hash of everything that a preparation depends on.
func keyOf(as Installed, img host.Image) (string, error) {
	sum := sha256.New()
	add := func(parts ...string) {
		for _, p := range parts {
			_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p) // never fails
		}
	}
	add(recipe, as.Folder, as.User)
	add(img.Native.Prepare...)
	for _, name := range slices.Sorted(maps.Keys(img.Native.Env)) { // before its variables are replaced
		add(name, img.Native.Env[name])
	}
	for _, p := range img.Native.Programs {
		seen, err := os.Stat(filepath.Join(as.Folder, p))
		if err != nil {
			return "", err
		}
		add(p, strconv.FormatInt(seen.Size(), 10), seen.ModTime().String())
	}
	if img.Files != nil {
		err := fs.WalkDir(img.Files, ".", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(img.Files, path)
			add(path, string(text))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:keyDigits], nil
}

// RemovePrepared removes everything that was prepared here and names it.
func RemovePrepared() ([]string, error) {
	dir, err := lock.Folder(kept)
	if err != nil {
		return nil, err
	}
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	var removed []string
	var errs []error
	for _, f := range folders {
		if err := os.RemoveAll(f); err != nil {
			errs = append(errs, phrase.Errorf("remove what was prepared: %w", err))
			continue
		}
		removed = append(removed, f)
	}
	return removed, errors.Join(errs...)
}
