package local_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
)

// TestFolderIsOpenToNodes: a folder for temporary files may be its owner's alone.
func TestFolderIsOpenToNodes(t *testing.T) {
	private := fmt.Sprintf("/tmp/d%08x", rand.Uint32()) // short, as it must be
	must(t, os.Mkdir(private, 0o700))
	t.Cleanup(func() { must(t, os.RemoveAll(private)) })
	own, public := filepath.Join(private, "0"), filepath.Join(private, "1")
	must(t, os.Mkdir(own, 0o755))
	for _, tt := range []struct {
		name, dir string
		mode      os.FileMode // of what it is in
		want      string
	}{
		{"somebody's own", own, 0o700, "/tmp"},
		{"everybody's", own, 0o711, own},
		{"not there", public, 0o711, "/tmp"},
		{"relative", "0", 0o711, "/tmp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			must(t, os.Chmod(private, tt.mode))
			t.Chdir(private)
			t.Setenv("TMPDIR", tt.dir)
			h := open(t)
			if got := filepath.Dir(local.Folder(h)); got != tt.want {
				t.Errorf("with TMPDIR=%s nodes are in %s, want %s", tt.dir, got, tt.want)
			}
			img := idle()
			img.Native.Users = []string{"nobody"} // whom root runs it as
			run(t, launch(t, h, host.Spec{Name: "a", Image: img}), "true")
		})
	}
}
