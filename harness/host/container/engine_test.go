package container_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"drillbook/harness/host/container"
)

// oldEngine answers as an engine does that speaks no newer API than 1.41.
func oldEngine(t *testing.T, socket string) {
	t.Helper()
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		if v, ok := strings.CutPrefix(r.URL.Path, "/v"); ok && !strings.HasPrefix(v, "1.41/") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"message":"client version is too new. Maximum supported API version is 1.41"}`))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"Version": "20.10.24", "ApiVersion": "1.41", "Arch": "amd64"})
	}
	l, err := net.Listen("unix", socket)
	must(t, err)
	s := httptest.NewUnstartedServer(http.HandlerFunc(answer))
	must(t, s.Listener.Close())
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
}

// TestVersionIsAgreedOn: what is set for docker commands may be newer than the
// engine.
func TestVersionIsAgreedOn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "engine.sock")
	oldEngine(t, socket)
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	for _, version := range []string{"", "1.44", "1.24", "newest"} {
		t.Setenv("DOCKER_API_VERSION", version)
		e, err := container.FindEngine(t.Context())
		if err != nil || e.API != "1.41" {
			t.Errorf("with DOCKER_API_VERSION=%s FindEngine = %+v, %v, want API 1.41", version, e, err)
		}
		if left := os.Getenv("DOCKER_API_VERSION"); left != "" {
			t.Errorf("testcontainers will see DOCKER_API_VERSION=%s", left)
		}
	}
}

// TestCurrentContextIsTheOnlyOne: where docker would stop, no other engine is
// used without a word.
func TestCurrentContextIsTheOnlyOne(t *testing.T) {
	dir := t.TempDir()
	oldEngine(t, filepath.Join(dir, "docker.sock")) // of an engine without root
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("DOCKER_CONTEXT", "")
	id := sha256.Sum256([]byte("far"))
	meta := filepath.Join(dir, ".docker", "contexts", "meta", hex.EncodeToString(id[:]))
	must(t, os.MkdirAll(meta, 0o700))
	must(t, os.WriteFile(filepath.Join(meta, "meta.json"),
		[]byte(`{"Name":"far","Endpoints":{"docker":{"Host":"tcp://127.0.0.1:1"}}}`), 0o600))
	config := filepath.Join(dir, ".docker", "config.json")
	for _, tt := range []struct {
		name, config string
		want         []string
	}{
		{
			"does not answer", `{"currentContext":"far"}`,
			[]string{"tcp://127.0.0.1:1", `context "far"`, "docker context use"},
		},
		{"is not there", `{"currentContext":"lost"}`, []string{`context "lost"`, "docker context use"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			must(t, os.WriteFile(config, []byte(tt.config), 0o600))
			_, err := container.FindEngine(t.Context())
			if !errors.Is(err, container.ErrNoEngine) {
				t.Fatalf("FindEngine = %v, want ErrNoEngine", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("FindEngine = %q, want it to say %s", err, w)
				}
			}
		})
	}
}

// TestForbiddenSocket runs itself as a user who must not use the socket.
func TestForbiddenSocket(t *testing.T) {
	const inChild = "DRILLBOOK_TEST_SOCKET"
	if socket := os.Getenv(inChild); socket != "" {
		t.Setenv("DOCKER_HOST", socket)
		_, err := container.FindEngine(t.Context())
		if !errors.Is(err, container.ErrNoEngine) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("FindEngine = %v, want ErrNoEngine in one line", err)
		}
		for _, w := range []string{"permission denied", "group", "sudo"} {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("FindEngine = %q, want it to say %s", err, w)
			}
		}
		if strings.Contains(err.Error(), "start Docker") {
			t.Errorf("FindEngine = %q, of an engine that has been started", err)
		}
		return
	}
	dir, err := os.MkdirTemp("/tmp", "drillbook-test-") //nolint:usetesting // others cannot get into that folder
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chmod(dir, 0o755))
	socket := filepath.Join(dir, "docker.sock")
	oldEngine(t, socket)
	must(t, os.Chmod(socket, 0o000))
	self, err := os.Open(os.Args[0])
	must(t, err)
	defer self.Close()
	child := exec.CommandContext(t.Context(), "/proc/self/fd/3", "-test.run=^TestForbiddenSocket$")
	child.ExtraFiles = []*os.File{self} // others may not get into the folder that it is in
	child.Dir = "/"
	child.Env = append(os.Environ(), inChild+"=unix://"+socket)
	if os.Geteuid() == 0 {
		const nobody = 65534
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("the child: %v\n%s", err, out)
	}
}
