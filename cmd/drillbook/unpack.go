package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/reports"
)

// maxUnpacked bounds one file of an archive; a record is rarely over a megabyte.
const maxUnpacked = 4 << 30

// unpack unpacks what merge reads of a tar archive, which may be compressed with gzip,
// into a folder.
func unpack(archive, dir string) error {
	f, err := os.Open(archive) //nolint:gosec // the user named it
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	in := bufio.NewReader(f)
	var all io.Reader = in
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if all, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(dir) // which no name in the archive leads out of
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was written was closed
	wanted := []string{night.ShardFile, night.CellFile, drill.RecordName, reports.SkippedFile, reports.BrokenFile}
	some := false
	for t := tar.NewReader(all); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(filepath.FromSlash(h.Name))
		if h.Typeflag != tar.TypeReg || !slices.Contains(wanted, filepath.Base(name)) {
			continue
		}
		if err := unpackOne(root, name, t); err != nil {
			return err
		}
		some = true
	}
	if !some {
		return errors.New("it has none of their files")
	}
	return nil
}

func unpackOne(root *os.Root, name string, from io.Reader) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%s lies outside of the archive", name)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	n, err := io.CopyN(f, from, maxUnpacked)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && n == maxUnpacked {
		err = fmt.Errorf("%s is too large", name)
	}
	return errors.Join(err, f.Close())
}
