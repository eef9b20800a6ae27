package container

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"

	"drillbook/harness/phrase"
)

const (
	// sshDeadline is how long an engine that is reached by ssh may take to say that
	// it is there: every connection is a login.
	sshDeadline = 15 * time.Second
	// headerWithin bounds the wait for the head of a request of our own process.
	headerWithin = 5 * time.Second
)

// isSSH reports whether an engine is reached by ssh.
func isSSH(address string) bool { return strings.HasPrefix(address, "ssh://") }

// overSSH has a client reach the engine as the docker command does: by running
// `docker system dial-stdio` on its machine. Nobody is asked for a password, since
// every connection would ask again.
func overSSH(address string) ([]client.Opt, error) {
	helper, err := connhelper.GetConnectionHelperWithSSHOpts(address, []string{"-o", "BatchMode=yes"})
	if err != nil {
		return nil, err
	}
	return []client.Opt{client.WithHost(helper.Host), client.WithDialContext(helper.Dialer)}, nil
}

// withSocket does something while the engine can be reached at a socket, which the
// environment names meanwhile. Testcontainers knows no ssh and ends the process where
// it finds no engine; it looks for one once, and uses our client for the rest.
func (e *engine) withSocket(ctx context.Context, do func() error) (err error) {
	dir, err := os.MkdirTemp("", "drillbook-engine-")
	if err != nil {
		return phrase.Errorf("make a socket for the engine: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "s")
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return phrase.Errorf("make a socket for the engine: %w", err)
	}
	dial := e.cli.Dialer()
	reach := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker.example.com"})
	proxy.Transport = reach
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: headerWithin}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	set := os.Getenv(client.EnvOverrideHost)
	err = os.Setenv(client.EnvOverrideHost, "unix://"+path)
	if err == nil {
		err = errors.Join(do(), os.Setenv(client.EnvOverrideHost, set))
	}
	err = errors.Join(err, server.Close())
	reach.CloseIdleConnections()
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
