package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"drillbook/harness/host"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

const (
	// recipe is the version of how images are built here. Raising it makes
	// every image new.
	recipe = "1"
	// repository is what the names of all images made here begin with.
	repository = "drillbook/"
	// tagDigits is how much of the hash of its inputs names an image.
	tagDigits = 12
	// labelImage marks images made here, labelBase says what one was built on.
	labelImage = "drillbook.image"
	labelBase  = "drillbook.base"
)

// Image describes an image.
type Image struct {
	Name  string // "drillbook/mydb"
	Ref   string // with the tag
	There bool   // else it will be fetched or built on first use
	Size  int64  // bytes
	Made  time.Time
	// Base is what it is, or would be, built on; BaseThere is false if that
	// must be fetched or bootstrapped first.
	Base      string
	BaseThere bool
}

// Making says how to make images that the engine does not have.
type Making struct {
	// Progress, if set, is called with a line about each image that is fetched or
	// built. It is called by one goroutine at a time.
	Progress func(line string)
	// Install allows installing on this machine the tools that make a base, if no
	// registry provides one.
	Install bool
}

// EnsureImage returns a reference to the image, which it fetches or builds if
// the engine does not have it. An image is built once for each state of its
// inputs, also when several processes want it at the same time. Its base is an
// input by name only: an image stays as it was built until its recipe changes
// or it is removed.
func EnsureImage(ctx context.Context, img host.Image, m Making) (ref string, err error) {
	err = withImages(ctx, m, func(s *imageStore) error {
		ref, err = s.ensure(ctx, img)
		return err
	})
	return ref, err
}

// CheckImage says what EnsureImage would find, and builds nothing. Only the
// packages of a program of this module are compiled, since they are what its
// image is known by.
func CheckImage(ctx context.Context, img host.Image) (seen Image, err error) {
	err = withImages(ctx, Making{}, func(s *imageStore) error {
		seen, err = s.check(ctx, img)
		return err
	})
	return seen, err
}

// ListImages lists all images that were made here, also those of inputs that
// have changed since, by reference.
func ListImages(ctx context.Context) (all []Image, err error) {
	err = withImages(ctx, Making{}, func(s *imageStore) error {
		all, err = s.list(ctx)
		return err
	})
	return all, err
}

// RemoveImages removes the images of the given names that were made here, all
// if no name is given, and returns their references. Those in use stay, which
// is an error.
func RemoveImages(ctx context.Context, names ...string) (removed []string, err error) {
	err = withImages(ctx, Making{}, func(s *imageStore) error {
		removed, err = s.remove(ctx, names)
		return err
	})
	return removed, err
}

func withImages(ctx context.Context, m Making, do func(*imageStore) error) error {
	e, err := connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(newImageStore(e, m)), e.cli.Close())
}

// imageStore holds the images of an engine, and makes those that it lacks.
type imageStore struct {
	engine *engine

	making  Making
	telling sync.Mutex // held while its Progress is called

	compiling sync.Mutex        // guards programs
	programs  map[string][]byte // compiled ones of this module, by package

	known map[string]string // references of images that cannot be built here, by name
}

func newImageStore(e *engine, m Making) *imageStore {
	if m.Progress == nil {
		m.Progress = func(string) {}
	}
	return &imageStore{engine: e, making: m, programs: map[string][]byte{}, known: readKnown(KnownImages)}
}

func (s *imageStore) say(format string, args ...any) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.making.Progress(fmt.Sprintf(format, args...))
}

func (s *imageStore) ensure(ctx context.Context, img host.Image) (string, error) {
	if img.Files == nil && img.Program == nil {
		return img.Name, s.fetch(ctx, img.Name)
	}
	if img.Base.Check != "" {
		if err := s.fetch(ctx, img.Base.Reference); err != nil { // it counts by its contents
			return "", err
		}
	}
	ref, err := s.reference(ctx, img)
	if err != nil {
		return "", phrase.Errorf("image %s: %w", img.Name, err)
	}
	if there, err := s.has(ctx, ref); there || err != nil {
		return ref, err
	}
	if _, elsewhere := s.known[img.Name]; elsewhere {
		return "", phrase.Errorf("image %s is not on this engine, and only a checkout of drillbook can build it: "+
			"bring it from there with `docker save` and `docker load`", ref)
	}
	err = lock.Exclusively(ctx, "image-"+img.Name, func() error {
		if there, err := s.has(ctx, ref); there || err != nil {
			return err
		}
		return s.build(ctx, img, ref)
	})
	if err != nil {
		return "", phrase.Errorf("image %s: %w", ref, err)
	}
	return ref, nil
}

// has reports whether the engine has the image.
func (s *imageStore) has(ctx context.Context, ref string) (bool, error) {
	_, err := s.engine.cli.ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, phrase.Errorf("look for image %s: %w", ref, err)
	}
	return true, nil
}

// reference names the image after a hash of all that goes into it.
func (s *imageStore) reference(ctx context.Context, img host.Image) (string, error) {
	if ref, ok := s.known[img.Name]; ok {
		return ref, nil
	}
	h := sha256.New()
	note := func(format string, args ...any) { _, _ = fmt.Fprintf(h, format+"\n", args...) } // never fails
	note("recipe %s for %s", recipe, s.engine.Arch)
	note("base %q %q", img.Base.Reference, img.Base.Suite)
	if img.Base.Check != "" {
		own, err := s.engine.cli.ImageInspect(ctx, img.Base.Reference)
		if err != nil {
			return "", phrase.Errorf("look at image %s: %w", img.Base.Reference, err)
		}
		note("own %q by %q", own.ID, img.Dockerfile)
	}
	files, err := readFiles(img.Files)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		note("file %q %o %x", f.path, f.mode, sha256.Sum256(f.text))
	}
	switch p := img.Program; {
	case p == nil:
	case p.Module == "":
		id, err := s.identity(ctx, *p)
		if err != nil {
			return "", err
		}
		note("program %q %x", p.Package, sha256.Sum256(id))
	default:
		note("program %q %q %q %x", p.Package, p.Module, p.Version, sha256.Sum256(p.Sum))
	}
	return repository + img.Name + ":" + hex.EncodeToString(h.Sum(nil))[:tagDigits], nil
}

// file is one file of a build context.
type file struct {
	path string
	mode fs.FileMode
	text []byte
}

// readFiles reads all files in the order of their paths. What begins with #!
// is executable, whatever the file system says: an embedded one has no modes,
// and the same files shall make the same image.
func readFiles(fsys fs.FS) ([]file, error) {
	if fsys == nil {
		return nil, nil
	}
	var all []file
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(text[:min(2, len(text))]), "#!") {
			mode = 0o755
		}
		all = append(all, file{path, mode, text})
		return nil
	})
	if err != nil {
		return nil, phrase.Errorf("read the files: %w", err)
	}
	return all, nil
}

func (s *imageStore) check(ctx context.Context, img host.Image) (Image, error) {
	if img.Base.Check != "" {
		return s.checkOwnImage(ctx, img.Base)
	}
	seen := Image{Name: img.Name, Ref: img.Name, Base: img.Base.Reference, BaseThere: img.Base.Reference == ""}
	if img.Files != nil || img.Program != nil {
		ref, err := s.reference(ctx, img)
		if err != nil {
			return Image{}, phrase.Errorf("image %s: %w", img.Name, err)
		}
		seen.Name, seen.Ref = repository+img.Name, ref
	}
	there, err := s.engine.cli.ImageInspect(ctx, seen.Ref)
	if err != nil && !cerrdefs.IsNotFound(err) {
		return Image{}, phrase.Errorf("look for image %s: %w", seen.Ref, err)
	}
	if err == nil {
		seen.There, seen.Size = true, there.Size
		seen.Made, _ = time.Parse(time.RFC3339Nano, there.Created) // the zero time if it does not say
	}
	if seen.BaseThere {
		return seen, nil
	}
	base, err := s.presentBase(ctx, img.Base)
	if base != "" {
		seen.Base, seen.BaseThere = base, true
	}
	return seen, err
}

func (s *imageStore) list(ctx context.Context) ([]Image, error) {
	found, err := s.engine.cli.ImageList(ctx, image.ListOptions{
		Filters: filters.NewArgs(filters.Arg("label", labelImage)),
	})
	if err != nil {
		return nil, phrase.Errorf("list images: %w", err)
	}
	var all []Image
	for _, i := range found {
		for _, tag := range i.RepoTags {
			if !strings.HasPrefix(tag, repository) {
				continue
			}
			all = append(all, Image{
				Name: i.Labels[labelImage], Ref: tag, There: true, Size: i.Size,
				Made: time.Unix(i.Created, 0), Base: i.Labels[labelBase], BaseThere: true,
			})
		}
	}
	slices.SortFunc(all, func(a, b Image) int { return strings.Compare(a.Ref, b.Ref) })
	return all, nil
}

func (s *imageStore) remove(ctx context.Context, names []string) ([]string, error) {
	all, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var removed []string
	var errs []error
	for _, i := range all {
		if len(names) > 0 && !slices.Contains(names, i.Name) {
			continue
		}
		_, err := s.engine.cli.ImageRemove(ctx, i.Ref, image.RemoveOptions{PruneChildren: true})
		if err != nil && !cerrdefs.IsNotFound(err) {
			errs = append(errs, phrase.Errorf("remove image %s: %w", i.Ref, err))
			continue
		}
		removed = append(removed, i.Ref)
	}
	return removed, errors.Join(errs...)
}
