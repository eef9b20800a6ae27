package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// module is the module that programs without one of their own belong to.
const module = "drillbook"

// compile builds a program as one static file for the engine.
func (s *imageStore) compile(ctx context.Context, p host.Program) ([]byte, error) {
	if p.Module == "" {
		return s.compileOwn(ctx, p)
	}
	dir, err := os.MkdirTemp("", "drillbook-build-")
	if err != nil {
		return nil, phrase.Errorf("compile %s: %w", p.Package, err)
	}
	text, err := s.compilePinned(ctx, p, dir)
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return nil, phrase.Errorf("compile %s: %w", p.Package, err)
	}
	return text, nil
}

// compilePinned builds in a module of its own, which needs nothing but the
// one module at its version; that module's go.mod fixes all others. The go
// command verifies what it downloads against sum, and would add to that file
// what it lacks: so the file must be the same afterwards.
func (s *imageStore) compilePinned(ctx context.Context, p host.Program, dir string) ([]byte, error) {
	mod := fmt.Sprintf("module build\n\ngo 1.26\n\nrequire %s %s\n", p.Module, p.Version)
	sum := filepath.Join(dir, "go.sum")
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600),
		os.WriteFile(sum, p.Sum, 0o600),
	)
	if err != nil {
		return nil, err
	}
	text, err := s.goBuild(ctx, dir, p.Package, "-mod=mod", "-buildvcs=false")
	if err != nil {
		return nil, err
	}
	after, err := os.ReadFile(sum) //nolint:gosec // our own temporary folder
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(after, p.Sum) {
		return nil, phrase.Errorf("%s %s needs modules that its pinned go.sum does not list", p.Module, p.Version)
	}
	return text, nil
}

// identity is another one whenever the source of a program of this module, its modules or the
// compiler have changed. It is known without linking, which takes most of the time.
func (s *imageStore) identity(ctx context.Context, p host.Program) ([]byte, error) {
	if p.Commit { // no package says of which commit it is
		return s.compileOwn(ctx, p)
	}
	root, err := ownSource(ctx, p)
	if err != nil {
		return nil, err
	}
	ids, err := s.goCommand(ctx, root, "list", "-trimpath", "-mod=readonly", "-deps", "-export",
		"-f", "{{.ImportPath}} {{.BuildID}}", p.Package)
	if err != nil {
		return nil, phrase.Errorf("compile %s: %w", p.Package, err)
	}
	return []byte(ids), nil
}

// ownSource is the folder of this module.
func ownSource(ctx context.Context, p host.Program) (string, error) {
	root, err := goOutput(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module))
	if err != nil {
		return "", phrase.Errorf("compile %s: its image is built from drillbook's source: run it inside a "+
			"checkout: %w",
			p.Package, err)
	}
	return strings.TrimSpace(root), nil
}

// compileOwn builds a program of this module, once in the life of s.
func (s *imageStore) compileOwn(ctx context.Context, p host.Program) ([]byte, error) {
	s.compiling.Lock()
	defer s.compiling.Unlock()
	if text, ok := s.programs[p.Package]; ok {
		return text, nil
	}
	root, err := ownSource(ctx, p)
	if err != nil {
		return nil, err
	}
	commit := "-buildvcs=false"
	if p.Commit {
		commit = "-buildvcs=auto"
	}
	text, err := s.goBuild(ctx, root, p.Package, "-mod=readonly", commit)
	if err != nil {
		return nil, phrase.Errorf("compile %s: %w", p.Package, err)
	}
	s.programs[p.Package] = text
	return text, nil
}

// goBuild builds a package. The same source makes the same bytes, wherever it
// lies.
func (s *imageStore) goBuild(ctx context.Context, dir, pkg string, flags ...string) ([]byte, error) {
	out, err := os.MkdirTemp("", "drillbook-build-")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(out, path.Base(pkg))
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", program}, flags...)
	_, err = s.goCommand(ctx, dir, append(args, pkg)...)
	var text []byte
	if err == nil {
		text, err = os.ReadFile(program) //nolint:gosec // our own temporary folder
	}
	return text, errors.Join(err, os.RemoveAll(out))
}

// goCommand runs the go command for programs of the engine. A person's own settings must not
// make other programs.
func (s *imageStore) goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...) //nolint:gosec // our own arguments
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+s.engine.Arch, "GOFLAGS=", "GOWORK=off")
	return goOutput(c)
}

// goOutput runs the go command. Its error is what that has to say.
func goOutput(c *exec.Cmd) (string, error) {
	var out, diag bytes.Buffer
	c.Stdout, c.Stderr = &out, &diag
	err := c.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return "", phrase.Errorf("%w: install Go, which this image is built with", err)
	}
	if err != nil {
		return "", phrase.Errorf("%w: %s", err, strings.TrimSpace(diag.String()))
	}
	return out.String(), nil
}
