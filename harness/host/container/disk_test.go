package container_test

import (
	"os/exec"
	"strings"
	"testing"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

// TestDisk: a disk of a node's own holds what the image has there, is bounded,
// outlives the node's death, and goes with the host.
func TestDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	name := runName()
	h, err := container.Open(t.Context(), container.Config{Run: name, NetAdmin: images.NetAdmin()})
	must(t, err)
	const path = "/var/lib/postgresql/data"
	n := launch(t, h, host.Spec{
		Name: "a", Image: image.Server(), Ports: []int{5432},
		Disk: host.Disk{Path: path, Size: 300 << 20},
	})
	if got := run(t, n, "sh", "-c", "df -B1 --output=target,size "+path+" | tail -n 1"); got != path+" 314572800" {
		t.Errorf("the disk is %q, want 314572800 bytes at %s", got, path)
	}
	run(t, n, "psql", "-c", "CREATE TABLE survivor (id int)")
	must(t, n.Kill(t.Context()))
	must(t, n.Start(t.Context()))
	run(t, n, "pg_ctl", "start", "-w", "-l", "/proc/1/fd/1")
	run(t, n, "psql", "-c", "SELECT * FROM survivor")
	must(t, h.Close(t.Context()))
	out, err := exec.CommandContext(t.Context(), "docker", "volume", "ls", "-q", "--filter",
		"label=drillbook.run="+name).Output()
	must(t, err)
	if left := strings.TrimSpace(string(out)); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
