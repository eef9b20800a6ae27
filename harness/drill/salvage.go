package drill

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// Salvage saves the rows that m holds and the primary does not to a file in the
// drill's folder, and reads from that file which of the probe's writes are in it.
// On error it leaves no new file, and m must not be rewound; the file of an
// earlier call stays.
func (d *Drill) Salvage(ctx context.Context, m, primary driver.Member) (record.Saved, error) {
	s, ok := d.cfg.Driver.(driver.Salvager)
	if !ok {
		return record.Saved{}, d.unsupported("save what only one member holds")
	}
	if m.Kind == driver.Witness {
		return record.Saved{}, phrase.Errorf("save what only %s holds: it is a %s and holds nothing", m.Name, m.Kind)
	}
	saved := record.Saved{File: "salvage-" + m.Name + ".txt"}
	path := filepath.Join(d.cfg.Dir, saved.File)
	tokens, err := d.save(ctx, s, m, primary, path, &saved)
	if err != nil {
		return saved, phrase.Errorf("save what only %s holds: %w: do not rewind it before this has worked", m.Name, err)
	}
	d.journal.Copy(record.Copy{At: d.now(), Member: m.Name, Saved: &saved, Tokens: tokens})
	return saved, nil
}

// save writes the file and fills in saved.
func (d *Drill) save(
	ctx context.Context, s driver.Salvager, m, primary driver.Member, path string, saved *record.Saved,
) (_ []record.Stored, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in the drill's own folder
	if err != nil {
		return nil, err
	}
	defer func() {
		_ = f.Close() // what matters has been synced
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	sum := sha256.New()
	size := &counter{}
	salvaged, err := s.Salvage(ctx, m, primary, io.MultiWriter(f, sum, size))
	if err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	saved.Bytes, saved.SHA256 = size.n, hex.EncodeToString(sum.Sum(nil))
	saved.Rows, saved.Tables = salvaged.Rows, salvaged.Tables
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	tokens, err := s.Saved(f, d.cfg.Head.Run)
	if err != nil {
		return nil, phrase.Errorf("read %s back: %w", path, err)
	}
	return d.recordTokens(tokens), nil
}

// counter counts the bytes that are written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
