package container

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// untar unpacks the folders and files below the one folder that an archive holds. Links
// are left out.
func untar(archive io.Reader, dir string) error {
	root, err := os.OpenRoot(dir) // which no name in the archive leads out of
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was written was closed
	for t := tar.NewReader(archive); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if name = filepath.FromSlash(strings.TrimSuffix(name, "/")); name == "" {
			continue
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = untarFile(root, name, t)
		}
		if err != nil {
			return err
		}
	}
}

func untarFile(root *os.Root, name string, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
