package shell

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// Disk is the disk that a folder is on.
type Disk struct {
	Size, Free int64 // bytes
	Full       int   // per cent
	At         string
}

// DiskOf asks for the disk that holds a member's folder.
func DiskOf(ctx context.Context, m driver.Member, dir string) (Disk, error) {
	said, err := look(ctx, m.Node, "df", "-P", "-B1", dir)
	if err != nil {
		return Disk{}, phrase.Errorf("df says: %w", err)
	}
	return ReadDisk(said, 1)
}

// ReadDisk reads the last line of what df -P has printed in blocks of so many bytes;
// by itself it takes 1024. A disk's name may have blanks inside.
func ReadDisk(df string, block int64) (d Disk, err error) {
	lines := strings.Split(strings.TrimSpace(df), "\n")
	words := strings.Fields(lines[len(lines)-1])
	at := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, "%") })
	const before = 3 // size, used, free
	if at <= before {
		return d, phrase.Errorf("df says nothing of how full the disk is: %q", df)
	}
	for _, n := range []struct {
		text string
		into *int64
	}{{words[at-before], &d.Size}, {words[at-1], &d.Free}} {
		if *n.into, err = strconv.ParseInt(n.text, 10, 64); err != nil {
			return d, phrase.Errorf("df says %q", df)
		}
		*n.into *= block
	}
	if d.Full, err = strconv.Atoi(strings.TrimSuffix(words[at], "%")); err != nil {
		return d, phrase.Errorf("df says %q", df)
	}
	d.At = strings.Join(words[at+1:], " ")
	return d, nil
}
