package container_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// sshTo puts an ssh before all others that leads to this machine's own engine,
// whoever is named, and returns the file with what it was called with.
func sshTo(t *testing.T) string {
	t.Helper()
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("the other end of ssh is `docker system dial-stdio`: ", err)
	}
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	script := "#!/bin/sh\necho \"$*\" >>" + calls + "\nunset DOCKER_HOST\nexec " + docker + " system dial-stdio\n"
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return calls
}

// TestEngineBySSH: an engine named by ssh:// is used as any other, over logins that
// ask nobody for a password.
func TestEngineBySSH(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	calls := sshTo(t)
	t.Setenv("DOCKER_HOST", "ssh://dba@db.example.com:2222")
	h := openWith(t, container.Config{Publish: true})
	n := launch(t, h, host.Spec{Name: "a", Image: images.NetAdmin()})
	if said := run(t, n, "echo", "it runs"); said != "it runs" {
		t.Errorf("the node said %q", said)
	}
	said, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.Lines(string(said)) {
		for _, part := range []string{"-l dba", "-p 2222", "BatchMode=yes", "db.example.com docker system dial-stdio"} {
			if !strings.Contains(call, part) {
				t.Errorf("ssh %s: it lacks %q", call, part)
			}
		}
	}
	if at := h.Published(); at != "db.example.com" {
		t.Errorf("ports are published at %q, want the machine of the engine", at)
	}
}
