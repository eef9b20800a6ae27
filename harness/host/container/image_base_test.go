package container_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// bare is an engine that has no image, and a registry for it or none.
type bare struct {
	registry bool

	mu     sync.Mutex // guards what follows
	images map[string]bool
	read   string // what was imported
}

func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer := func(code int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	q := r.URL.Query()
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/_ping"):
		w.Header().Set("API-Version", "1.41")
	case strings.HasSuffix(path, "/version"):
		answer(http.StatusOK, map[string]string{"Version": "20.10", "ApiVersion": "1.41", "Arch": "amd64"})
	case strings.HasSuffix(path, "/info"):
		answer(http.StatusOK, map[string]string{"ID": "bare"})
	case q.Get("fromImage") != "" && !b.registry:
		answer(http.StatusInternalServerError, map[string]string{"message": "dial tcp: no such host"})
	case q.Get("fromImage") != "":
		b.images[q.Get("fromImage")+":"+q.Get("tag")] = true
	case q.Get("fromSrc") != "":
		text, _ := io.ReadAll(r.Body)
		b.read, b.images[q.Get("repo")+":"+q.Get("tag")] = string(text), true
	case strings.HasSuffix(path, "/build"):
		_, _ = io.Copy(io.Discard, r.Body)
		b.images[q.Get("t")] = true
	case strings.HasSuffix(path, "/json"):
		_, name, _ := strings.Cut(strings.TrimSuffix(path, "/json"), "/images/")
		if !b.images[name] {
			answer(http.StatusNotFound, map[string]string{"message": "No such image: " + name})
			return
		}
		answer(http.StatusOK, map[string]string{"Id": name})
	default:
		answer(http.StatusNotImplemented, map[string]string{"message": r.Method + " " + path})
	}
}

// machine puts an engine and the named programs in the place of this machine's
// own. What they are called with is written to the file that is returned.
func machine(t *testing.T, e *bare, programs map[string]string) (called string) {
	t.Helper()
	e.images = map[string]bool{}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	t.Setenv("DOCKER_TLS_VERIFY", "")
	t.Setenv("DOCKER_CERT_PATH", "")
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CACHE_HOME", dir)
	bin := filepath.Join(dir, "bin")
	must(t, os.Mkdir(bin, 0o700))
	t.Setenv("PATH", bin)
	called = filepath.Join(dir, "called")
	for name, body := range programs {
		text := "#!/bin/sh\necho " + name + " \"$@\" >>" + called + "\n" + body + "\n"
		must(t, os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700))
	}
	return called
}

// installs is an apt-get that installs an mmdebstrap, which writes its archive.
const installs = `[ "$1" = install ] || exit 100
dir=${0%/*}
printf '#!/bin/sh\necho mmdebstrap "$@" >>%s/../called\nfor a; do case $a in *.tar) echo archive >"$a";; esac; done\n' \
	"$dir" >"$dir/mmdebstrap"
/bin/chmod +x "$dir/mmdebstrap"`

// TestBaseIsAskedFor: nothing is installed on the machine of whoever runs drills
// unless they said so; where it is needed, the error has the command. An engine
// that can pull needs none of it.
func TestBaseIsAskedFor(t *testing.T) {
	root := os.Geteuid() == 0
	command := "apt-get install -y --no-install-recommends mmdebstrap debian-archive-keyring"
	asRoot := func(r, other string) string {
		if root {
			return r
		}
		return other
	}
	for _, tt := range []struct {
		name     string
		registry bool
		install  bool
		programs map[string]string
		wrong    string // in the error
		said     string
		called   string // what the log of calls begins with
	}{
		{"a registry answers", true, false, map[string]string{"apt-get": installs}, "", "", ""},
		{"a registry answers, and it is allowed", true, true, map[string]string{"apt-get": installs}, "", "", ""},
		{
			"not allowed",
			false,
			false,
			map[string]string{"apt-get": installs},
			asRoot("run `"+command+"`, or say --yes", "run `sudo "+command+"`"),
			"",
			"",
		},
		{
			"allowed",
			false,
			true,
			map[string]string{"apt-get": installs},
			asRoot("", "run `sudo "+command+"`"),
			asRoot("mmdebstrap is not on this machine: `"+command+"` installs it", ""),
			asRoot(command+" -o DPkg::Lock::Timeout=120\nmmdebstrap --variant=minbase", ""),
		},
		{"there is none to install with", false, true, nil, "install that, or bring an image", "", ""},
		{
			"it cannot be installed",
			false,
			true,
			map[string]string{"apt-get": "echo Reading...; echo 'E: Unable to locate package mmdebstrap'; exit 100"},
			asRoot("install mmdebstrap: apt-get: exit status 100: E: Unable to locate package mmdebstrap", "run `sudo"),
			asRoot("installs it, as --yes allows", ""),
			asRoot("apt-get install", ""),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &bare{registry: tt.registry}
			calls := machine(t, e, tt.programs)
			var said []string
			_, err := container.EnsureImage(t.Context(), based(), container.Making{
				Progress: func(line string) { said = append(said, line) }, Install: tt.install,
			})
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("EnsureImage = %v, want %q in it", err, tt.wrong)
			}
			if text := strings.Join(said, "\n"); !strings.Contains(text, tt.said) {
				t.Errorf("it said\n%s\nwant %q in it", text, tt.said)
			}
			called, _ := os.ReadFile(calls)
			if !strings.HasPrefix(string(called), tt.called) || tt.called == "" && len(called) > 0 {
				t.Errorf("called were\n%s\nwant %q", called, tt.called)
			}
			if err == nil && !tt.registry && e.read != "archive\n" {
				t.Errorf("imported was %q, want what mmdebstrap has made", e.read)
			}
		})
	}
}

func based() host.Image {
	return host.Image{
		Name: "test-based", Base: host.Base{Reference: "debian:sid-slim", Suite: "sid"},
		Files: fstest.MapFS{"Dockerfile": {Data: []byte("ARG BASE\nFROM ${BASE}\n")}},
	}
}

// TestBootstrapSaysWhy: the reason stands among what mmdebstrap has printed, not
// in its last line.
func TestBootstrapSaysWhy(t *testing.T) {
	for _, tt := range []struct{ name, said, want string }{
		{"no such suite", captured(t, "no-suite"), "E: The repository 'http://deb.debian.org/debian nowhere Release' " +
			"does not have a Release file."},
		{"no such mirror", captured(t, "no-mirror"), "Could not resolve 'nowhere.invalid'"},
		{"no room", captured(t, "no-room"), "No space left on device"},
		{
			"a terminal's sequences",
			"\x1b[31mE: no\x1b[0m\x07 \xff room\r50%\n" + strings.Repeat("E: "+strings.Repeat("x", 500)+"\n", 9) +
				"E: mmdebstrap failed to run\n",
			": E: no room; E: " + strings.Repeat("x", 237) + " …",
		},
		{"no reason", "I: running\nE: mmdebstrap failed to run\n", ": E: mmdebstrap failed to run"},
		{"nothing", "", "it said nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := filepath.Join(t.TempDir(), "said")
			must(t, os.WriteFile(text, []byte(tt.said), 0o600))
			machine(t, &bare{}, map[string]string{"mmdebstrap": "/bin/cat " + text + " >&2; exit 1"})
			_, err := container.EnsureImage(t.Context(), based(), container.Making{})
			if err == nil {
				t.Fatal("no error")
			}
			got := err.Error()
			if !strings.Contains(got, "mmdebstrap: exit status 1: ") || !strings.Contains(got, tt.want) {
				t.Errorf("EnsureImage = %q, want %q in it", got, tt.want)
			}
			if len(got) > 1400 || strings.ContainsAny(got, "\x1b\x07\n") {
				t.Errorf("EnsureImage = %q: %d bytes, want it cleaned and short", got, len(got))
			}
			if tt.name != "no reason" && strings.Contains(got, "failed to run") {
				t.Errorf("EnsureImage = %q: that it failed is known", got)
			}
		})
	}
}

// captured is what mmdebstrap 1.3.5 has printed.
func captured(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "mmdebstrap-"+name+".txt"))
	must(t, err)
	return string(text)
}
