package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/client"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// ErrNoEngine is wrapped by every error that says that no container engine
// could be reached. The error names the addresses that were tried.
var ErrNoEngine = phrase.Errorf("no container engine")

// engineDeadline is how long an engine may take to say that it is there.
const engineDeadline = 3 * time.Second

// Engine is what runs containers here.
type Engine struct {
	Address string // "unix:///var/run/docker.sock"
	Version string // "20.10.24"
	API     string // spoken with it: "1.41"
	Arch    string // as Go names it: "amd64"
}

// FindEngine says which engine would be used. Its error wraps [ErrNoEngine] if
// there is none.
func FindEngine(ctx context.Context) (Engine, error) {
	e, err := connect(ctx)
	if err != nil {
		return Engine{}, err
	}
	return e.Engine, e.cli.Close()
}

// engine is a connection to a container engine.
type engine struct {
	Engine

	cli *client.Client
}

// connect finds the engine as the docker command does, and after that where
// engines without root put their sockets.
func connect(ctx context.Context) (*engine, error) {
	at, current, err := addresses()
	if err != nil {
		return nil, phrase.Errorf("%w: %w", ErrNoEngine, err)
	}
	var why error
	for _, address := range at {
		e, err := dial(ctx, address)
		if err == nil {
			return e, e.configureTestcontainers(ctx)
		}
		if why == nil {
			why = err
		}
	}
	return nil, phrase.Errorf("%w answers at %s: %s; %s",
		ErrNoEngine, strings.Join(at, " or "), firstLine(why.Error()), advise(why, at[0], current))
}

// advise says what to do about an engine that does not answer. current is the
// docker command's current context, if that named the engine.
func advise(why error, address, current string) phrase.Phrase {
	switch {
	case isSSH(address):
		return phrase.Say("ssh must reach it with a key that asks for nothing, and find docker there: " +
			"try `docker version` with the same DOCKER_HOST")
	case errors.Is(why, fs.ErrPermission):
		return phrase.Say("join the group that owns the socket (`sudo usermod -aG docker $USER`, then log in again), " +
			"or use sudo")
	case current != "":
		return phrase.Say("docker's current context %q names it: start that engine, or choose another "+
			"with `docker context use` or DOCKER_HOST", current)
	}
	return phrase.Say("start Docker, or set DOCKER_HOST to the address of an engine")
}

func dial(ctx context.Context, address string) (*engine, error) {
	within, reach := engineDeadline, []client.Opt{client.WithHost(address)}
	if isSSH(address) {
		var err error
		if reach, err = overSSH(address); err != nil {
			return nil, err
		}
		within = sshDeadline
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, phrase.Errorf("no answer within %s", within))
	defer cancel()
	// The version is agreed on, not taken from the environment: what docker
	// commands are told there may be newer than the engine.
	options := []client.Opt{client.WithAPIVersionNegotiation()}
	if takesCertificates(address) {
		options = append(options, client.WithTLSClientConfigFromEnv())
	}
	cli, err := client.NewClientWithOpts(append(options, reach...)...)
	if err != nil {
		return nil, err
	}
	version, err := cli.ServerVersion(ctx)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	return &engine{
		Engine: Engine{Address: address, Version: version.Version, API: cli.ClientVersion(), Arch: version.Arch},
		cli:    cli,
	}, nil
}

// takesCertificates reports whether an engine may ask who dials it. A socket of a
// machine does not, and ssh has asked already.
func takesCertificates(address string) bool {
	return !strings.HasPrefix(address, "unix://") && !isSSH(address)
}

// site is this engine, whatever address it is reached at.
func (e *engine) site(ctx context.Context) (host.Site, error) {
	info, err := e.cli.Info(ctx)
	if err != nil {
		return host.Site{}, phrase.Errorf("ask the engine who it is: %w", err)
	}
	return host.Site{ID: info.ID, Reach: client.EnvOverrideHost + "=" + e.Address}, nil
}

// addresses are where an engine may be, the likeliest first. Sockets that do
// not exist are left out, but never all. A current context of the docker command
// is the only one: drills on another engine than docker's would surprise.
func addresses() (at []string, current string, err error) {
	if set := os.Getenv(client.EnvOverrideHost); set != "" {
		return []string{set}, "", nil
	}
	switch current, address, err := currentContext(); {
	case err != nil:
		return nil, "", err
	case address != "":
		return []string{address}, current, nil
	}
	sockets := []string{strings.TrimPrefix(client.DefaultDockerHost, "unix://")}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		sockets = append(sockets,
			filepath.Join(home, ".docker", "run", "docker.sock"),
			filepath.Join(home, ".docker", "desktop", "docker.sock"))
	}
	for _, path := range sockets {
		if _, err := os.Stat(path); err == nil { //nolint:gosec // the user's own environment names it
			at = append(at, "unix://"+path)
		}
	}
	if len(at) == 0 {
		at = append(at, client.DefaultDockerHost)
	}
	return at, "", nil
}

// currentContext is the docker command's current context, and its address;
// nothing if it has none or that is the default.
func currentContext() (name, address string, err error) {
	dir := os.Getenv("DOCKER_CONFIG")
	if home, err := os.UserHomeDir(); dir == "" && err == nil {
		dir = filepath.Join(home, ".docker")
	}
	name = os.Getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		readJSON(filepath.Join(dir, "config.json"), &config)
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return "", "", nil
	}
	id := sha256.Sum256([]byte(name))
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	readJSON(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(id[:]), "meta.json"), &meta)
	address = meta.Endpoints["docker"].Host
	if address == "" {
		return "", "", phrase.Errorf("docker's current context %q is not there or names no engine: "+
			"choose another with `docker context use`, or set DOCKER_HOST", name)
	}
	return name, address, nil
}

// readJSON leaves v as it is if the file is not there or not JSON: these files
// belong to the docker command and may say anything.
func readJSON(path string, v any) {
	text, err := os.ReadFile(path) //nolint:gosec // below the user's own configuration folder
	if err == nil {
		_ = json.Unmarshal(text, v)
	}
}

// wrapGone wraps [host.ErrGone] around an error of an engine that cannot be
// reached any more, or that ended while it answered.
func wrapGone(err error) error {
	if client.IsErrConnectionFailed(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return phrase.Errorf("%w: %w", host.ErrGone, err)
	}
	return err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
