package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/testcontainers/testcontainers-go"

	"drillbook/harness/host"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

const (
	// pullSilence is how long a registry may say nothing. A long download
	// says something all the time.
	pullSilence = 20 * time.Second
	// mirror is where a base is bootstrapped from.
	mirror = "http://deb.debian.org/debian"
)

var errSilent = phrase.Errorf("the registry has said nothing for %s", pullSilence)

// ensureBase returns what to build on: the distribution's own image if the
// engine has it or a registry gives it, else one that is bootstrapped from the
// distribution's packages.
func (s *imageStore) ensureBase(ctx context.Context, b host.Base) (string, error) {
	switch {
	case b.Missing != "":
		return "", phrase.Errorf("%s", b.Missing)
	case b.Check != "":
		return s.ownBase(ctx, b)
	}
	base, err := s.presentBase(ctx, b)
	if base != "" || err != nil {
		return base, err
	}
	err = lock.Exclusively(ctx, "base-"+b.Suite, func() error {
		if base, err = s.presentBase(ctx, b); base != "" || err != nil {
			return err
		}
		pullErr := s.pull(ctx, b.Reference)
		if pullErr == nil {
			base = b.Reference
			return nil
		}
		if b.Suite == "" || ctx.Err() != nil {
			return pullErr
		}
		base = bootstrapped(b)
		s.say("base %s: %s; bootstrapping %s instead", b.Reference, firstLine(pullErr.Error()), base)
		if err := s.bootstrap(ctx, b); err != nil {
			return phrase.Errorf("base %s is not here; %w; %w", b.Reference, pullErr, err)
		}
		return nil
	})
	return base, err
}

// presentBase returns the base that the engine has, "" if none.
func (s *imageStore) presentBase(ctx context.Context, b host.Base) (string, error) {
	for _, ref := range []string{b.Reference, bootstrapped(b)} {
		if there, err := s.has(ctx, ref); there || err != nil {
			return ref, err
		}
	}
	return "", nil
}

// bootstrapped names the image that is made where no registry answers. It
// never takes the distribution's name, which others rely on.
func bootstrapped(b host.Base) string { return repository + "debian:" + b.Suite }

// fetch has the engine pull an image that it does not have.
func (s *imageStore) fetch(ctx context.Context, ref string) error {
	if there, err := s.has(ctx, ref); there || err != nil {
		return err
	}
	if err := s.pull(ctx, ref); err != nil {
		return phrase.Errorf("image %s is not here: %w; `docker load` brings one from a file", ref, err)
	}
	return nil
}

// pull pulls with the credentials of the docker command, and gives up when
// the registry falls silent.
func (s *imageStore) pull(ctx context.Context, ref string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(pullSilence, func() { cancel(errSilent) })
	defer silence.Stop()
	s.say("image %s: pulling", ref)
	began := time.Now()
	var credentials string
	if _, auth, err := testcontainers.DockerImageAuth(ctx, ref); err == nil { // without them it is a public image
		if credentials, err = registry.EncodeAuthConfig(auth); err != nil {
			return phrase.Errorf("pull %s: %w", ref, err)
		}
	}
	stream, err := s.engine.cli.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: credentials})
	if err == nil {
		err = errors.Join(follow(stream, func() { silence.Reset(pullSilence) }), stream.Close())
	}
	if err != nil {
		if why := context.Cause(ctx); why != nil {
			err = why
		}
		return phrase.Errorf("pull %s: %w", ref, err)
	}
	s.say("image %s: pulled in %s", ref, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// follow reads an engine's messages to their end.
func follow(r io.Reader, heard func()) error {
	for in := json.NewDecoder(r); ; heard() {
		var m jsonmessage.JSONMessage
		if err := in.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m.Error != nil {
			return m.Error
		}
	}
}

// bootstrap makes a base from the distribution's packages. The archive is
// complete before the engine sees any of it. Its folder has one name, so that
// what a killed process left there is removed by the next.
func (s *imageStore) bootstrap(ctx context.Context, b host.Base) error {
	began := time.Now()
	if err := s.needMmdebstrap(ctx); err != nil {
		return err
	}
	work, err := lock.Folder("work")
	if err != nil {
		return err
	}
	dir := filepath.Join(work, "base-"+b.Suite)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return phrase.Errorf("bootstrap %s: %w", b.Suite, err)
	}
	archive := filepath.Join(dir, "base.tar")
	err = runCommand(ctx, "mmdebstrap", "--variant=minbase", "--architectures="+s.engine.Arch, b.Suite, archive, mirror)
	if err == nil {
		err = s.importBase(ctx, b, archive)
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return phrase.Errorf("bootstrap %s: %w", b.Suite, err)
	}
	s.say("base %s: bootstrapped in %s", bootstrapped(b), time.Since(began).Round(100*time.Millisecond))
	return nil
}

func (s *imageStore) importBase(ctx context.Context, b host.Base, archive string) error {
	f, err := os.Open(archive) //nolint:gosec // our own temporary folder
	if err != nil {
		return err
	}
	source := image.ImportSource{Source: io.NopCloser(f), SourceName: "-"} // the client would close it
	stream, err := s.engine.cli.ImageImport(ctx, source, bootstrapped(b), image.ImportOptions{
		Changes: []string{`CMD ["bash"]`, "LABEL " + labelImage + "=" + repository + "debian"},
		Message: "bootstrapped from " + mirror,
	})
	if err == nil {
		err = errors.Join(follow(stream, func() {}), stream.Close())
	}
	return errors.Join(err, f.Close())
}

// CanBootstrap returns nil if this machine has what a base is made with where no
// registry answers. Its error says what to do.
func CanBootstrap() error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	mend := "run `" + strings.Join(installing("sudo"), " ") + "`"
	if _, err := exec.LookPath("apt-get"); err != nil {
		mend = "install that"
	} else if os.Geteuid() == 0 {
		mend = "run `" + strings.Join(installing(), " ") + "`, or say --yes, which has it run"
	}
	return phrase.Errorf("to make it from Debian's packages mmdebstrap is needed: %s, "+
		"or bring an image with `docker load`", mend)
}

// installing is the command that installs what a base is made with.
func installing(before ...string) []string {
	return append(before, "apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring")
}

// needMmdebstrap installs mmdebstrap if it is not there, where that was allowed
// and is possible.
func (s *imageStore) needMmdebstrap(ctx context.Context) error {
	missing := CanBootstrap()
	if missing == nil {
		return nil
	}
	if _, noAPT := exec.LookPath("apt-get"); !s.making.Install || noAPT != nil || os.Geteuid() != 0 {
		return missing
	}
	argv := installing()
	s.say("mmdebstrap is not on this machine: `%s` installs it, as --yes allows", strings.Join(argv, " "))
	// A machine that updates itself holds the lock of packages for minutes.
	if err := runCommand(ctx, append(argv, "-o", "DPkg::Lock::Timeout=120")...); err != nil {
		return phrase.Errorf("install mmdebstrap: %w", err)
	}
	return nil
}

// runCommand runs a command, whose error says what it complained of.
func runCommand(ctx context.Context, argv ...string) error {
	var text bytes.Buffer
	c := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // our own arguments
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	c.Stdout, c.Stderr = &text, &text
	if err := c.Run(); err != nil {
		return phrase.Errorf("%s: %w: %s", argv[0], err, complaints(text.String()))
	}
	return nil
}
