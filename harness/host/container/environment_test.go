package container_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/host"
)

// TestOwnVariables runs itself, since testcontainers reads its configuration once in
// the life of a process: what a person has set for other tools changes neither
// which engine and image a node is made from, nor anything within it.
func TestOwnVariables(t *testing.T) {
	const inChild = "DRILLBOOK_TEST_OWN"
	if os.Getenv(inChild) != "" {
		n := launch(t, open(t), host.Spec{Name: "a"})
		seen, err := n.Exec(t.Context(), host.Command{Argv: []string{"env"}})
		must(t, err)
		for line := range strings.Lines(seen.Stdout) {
			if name, _, _ := strings.Cut(line, "="); strings.Contains(strings.ToLower(name), "proxy") {
				t.Errorf("within the node there is %s", line)
			}
		}
		return
	}
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	cache, err := os.UserCacheDir()
	must(t, err)
	env := []string{
		inChild + "=1", "PATH=" + os.Getenv("PATH"), "XDG_CACHE_HOME=" + cache,
		"DOCKER_HOST=" + os.Getenv("DOCKER_HOST"),
	}
	const properties = "hub.image.name.prefix=registry.example.com/mine\nryuk.disabled=false\n" +
		"ryuk.container.privileged=true\ntc.host=tcp://127.0.0.1:1\ndocker.host=tcp://127.0.0.1:1\n"
	for _, tt := range []struct {
		name, properties string
		set              []string
	}{
		{"its file", properties, nil},
		{"the environment", "", []string{
			"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX=registry.example.com/mine", "TESTCONTAINERS_RYUK_DISABLED=false",
			"TESTCONTAINERS_RYUK_CONTAINER_PRIVILEGED=true", "RYUK_PORT=none", "TESTCONTAINERS_HOST_OVERRIDE=192.0.2.1",
			"TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE=/nowhere", "DOCKER_API_VERSION=9.99",
			"DOCKER_DEFAULT_PLATFORM=linux/s390x", "DOCKER_AUTH_CONFIG=no JSON",
			"HTTP_PROXY=http://192.0.2.1:1", "ALL_PROXY=http://192.0.2.1:1",
		}},
		{"certificates for an engine elsewhere", "", []string{"DOCKER_CERT_PATH=/nowhere"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if at := os.Getenv("DOCKER_HOST"); len(tt.set) == 1 && at != "" && !strings.HasPrefix(at, "unix://") {
				t.Skip("this one is elsewhere")
			}
			home := t.TempDir()
			must(t, os.WriteFile(filepath.Join(home, ".testcontainers.properties"), []byte(tt.properties), 0o600))
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOwnVariables$")
			child.Env = slices.Concat(env, []string{"HOME=" + home}, tt.set)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("the child: %v\n%s", err, out)
			}
		})
	}
}
