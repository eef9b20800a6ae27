package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WritePart renders into a file beside the one it is to become. It names the
// file even when it fails, so that the caller can remove it. Templates write in pieces of a
// few bytes, which are collected.
func WritePart(dir, name string, render func(io.Writer) error) (part string, err error) {
	f, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return "", err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	w := bufio.NewWriterSize(f, 64<<10)
	err = render(w)
	if flushed := w.Flush(); err == nil { // else it is the same once more
		err = flushed
	}
	if err != nil {
		return f.Name(), err
	}
	if err := f.Chmod(0o644); err != nil {
		return f.Name(), err
	}
	return f.Name(), f.Sync()
}

// WriteWhole writes a file of a folder whole or not at all.
func WriteWhole(dir, name string, render func(io.Writer) error) error {
	part, err := WritePart(dir, name, render)
	if err != nil {
		if part != "" {
			err = errors.Join(err, os.Remove(part))
		}
		return err
	}
	return os.Rename(part, filepath.Join(dir, name))
}

// writeList writes a list beside the records of a run, whole or not at all.
func writeList(dir, name string, list any) error {
	err := os.MkdirAll(dir, 0o755) //nolint:gosec // reports are for others to read
	if err == nil {
		err = WriteWhole(dir, name, func(w io.Writer) error { return json.NewEncoder(w).Encode(list) })
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// readList reads what writeList wrote; nothing if there is no file.
func readList(dir, name string, list any) error {
	text, err := fs.ReadFile(os.DirFS(dir), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, list)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}
