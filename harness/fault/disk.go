package fault

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/shell"
)

// FillDisk fills the disk that holds a member's data. It refuses a disk that
// holds anything else, or that is larger than a drill should fill: the member
// needs one of its own ([host.Spec.Disk]). Healing it gives the space back; a
// server that has ended over it stays down.
func FillDisk(s driver.Server, m driver.Member) Fault { return &fillDisk{s: s, m: m} }

type fillDisk struct {
	s    driver.Server
	m    driver.Member
	dir  string // of the data; "" before the first injection
	full bool   // it was injected and not healed since
	size int64  // of the filler
}

// largestFill is the largest disk that is filled, in bytes.
const largestFill = 4 << 30

// noSpace is what the C library says in English.
const noSpace = "No space left on device"

func (f *fillDisk) Phrase() phrase.Phrase  { return phrase.Say("disk of %s is full", f.m.Name) }
func (f *fillDisk) String() string         { return f.Phrase().Text }
func (*fillDisk) Mechanism() phrase.Phrase { return phrase.Say(fillDiskMechanism) }

func (f *fillDisk) filler() string { return path.Join(f.dir, "drillbook.filler") }
func (f *fillDisk) tried() string  { return path.Join(f.dir, "drillbook.tried") }

func (f *fillDisk) Inject(ctx context.Context) error {
	if err := f.checkOwnDisk(ctx); err != nil {
		return phrase.Errorf("fill the disk of %s: %w", f.m.Name, err)
	}
	f.full = true // before it is so: what is half done must be healed too
	return f.fill(ctx)
}

// checkOwnDisk makes sure that the disk is the data's own.
func (f *fillDisk) checkOwnDisk(ctx context.Context) (err error) {
	if f.dir, err = f.s.DataDir(ctx, f.m); err != nil {
		return err
	}
	disk, err := shell.DiskOf(ctx, f.m, f.dir)
	if err != nil {
		return err
	}
	if disk.At != f.dir || disk.Size > largestFill {
		return phrase.Errorf("%s is on the disk mounted at %s, of %d bytes, which is not its own or too large: "+
			"give the member a small disk of its own: %w", f.dir, disk.At, disk.Size, host.ErrUnsupported)
	}
	return nil
}

// fill appends to the filler until nothing more fits, first in large pieces.
func (f *fillDisk) fill(ctx context.Context) error {
	for _, size := range []string{"1M", "4k"} {
		answer, err := f.run(ctx, "dd if=/dev/zero of='"+f.filler()+"' oflag=append conv=notrunc bs="+size)
		if err != nil {
			return err
		}
		if !strings.Contains(answer.Stderr, noSpace) {
			return phrase.Errorf("fill the disk of %s: it took everything: %s", f.m.Name, answer.Stderr)
		}
	}
	size, err := f.fillerSize(ctx)
	f.size = size
	return err
}

// fillerSize is how large the filler is.
func (f *fillDisk) fillerSize(ctx context.Context) (int64, error) {
	answer, err := f.run(ctx, "stat -c %s '"+f.filler()+"'")
	if err != nil {
		return 0, err
	}
	size, err := strconv.ParseInt(strings.TrimSpace(answer.Stdout), 10, 64)
	if err != nil {
		said := strings.TrimSpace(answer.Stdout + answer.Stderr)
		return 0, phrase.Errorf("look at %s on %s: %s", f.filler(), f.m.Name, said)
	}
	return size, nil
}

// Holds looks at what fills the disk, not at whether that is full: a server that
// ends over a full disk, or clears up, frees a little of its own.
func (f *fillDisk) Holds(ctx context.Context) (phrase.Phrase, error) {
	if !f.full {
		return phrase.Phrase{}, phrase.Errorf("the disk of %s was not filled", f.m.Name)
	}
	size, err := f.fillerSize(ctx)
	if err == nil && size < f.size {
		err = phrase.Errorf("%s on %s has %d bytes left of %d", f.filler(), f.m.Name, size, f.size)
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("%s on %s still takes %d bytes", f.filler(), f.m.Name, size), nil
}

// Confirm has the member write, which must fail. What the server has freed in
// the meantime is filled again.
func (f *fillDisk) Confirm(ctx context.Context) (phrase.Phrase, error) {
	if !f.full {
		return phrase.Phrase{}, phrase.Errorf("the disk of %s was not filled", f.m.Name)
	}
	err := f.write(ctx)
	if err == nil {
		err = phrase.Errorf("%s could write 8 kB to %s", f.m.Name, f.dir)
		return phrase.Phrase{}, errors.Join(err, f.fill(ctx))
	}
	if !strings.Contains(err.Error(), noSpace) {
		return phrase.Phrase{}, err
	}
	return phrase.Say("%s cannot write 8 kB to %s: %s", f.m.Name, f.dir, noSpace), nil
}

// write writes a page and removes it.
func (f *fillDisk) write(ctx context.Context) error {
	answer, err := f.run(ctx, fmt.Sprintf(
		"dd if=/dev/zero of='%[1]s' bs=8k count=1; code=$?; rm -f '%[1]s'; exit $code", f.tried()))
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("write 8 kB on %s: %s", f.m.Name, strings.TrimSpace(answer.Stderr))
	}
	return err
}

func (f *fillDisk) Heal(ctx context.Context) error {
	if f.dir == "" {
		return nil
	}
	answer, err := f.run(ctx, "rm -f '"+f.filler()+"' '"+f.tried()+"'")
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("remove %s on %s: %s", f.filler(), f.m.Name, strings.TrimSpace(answer.Stderr))
	}
	f.full = f.full && err != nil
	return err
}

func (f *fillDisk) Healed(ctx context.Context) (phrase.Phrase, error) {
	if f.dir == "" {
		return phrase.Say("the disk of %s was not touched", f.m.Name), nil
	}
	answer, err := f.run(ctx, "test ! -e '"+f.filler()+"'")
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("%s is still on %s", f.filler(), f.m.Name)
	}
	if err == nil {
		err = f.write(ctx)
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	return phrase.Say("%s could write 8 kB to %s", f.m.Name, f.dir), nil
}

func (f *fillDisk) run(ctx context.Context, line string) (host.Answer, error) {
	return f.m.Node.Exec(ctx, host.Command{Argv: []string{"sh", "-c", line}})
}
