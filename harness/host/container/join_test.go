package container

import (
	"strings"
	"testing"
)

// A process knows the container that it runs in by where its hosts file comes from.
func TestContainerOf(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for _, tt := range []struct{ name, mounts, want string }{
		{"docker", "613 593 254:0 /var/lib/docker/containers/" + id +
			"/hosts /etc/hosts rw - ext4 /dev/vda rw\n", id},
		{
			"an engine in a container",
			"7 6 254:0 /var/lib/docker/volumes/a/_data/containers/" + id + "/hosts /etc/hosts " +
				"rw - ext4 /dev/vda rw\n", id,
		},
		{
			"podman",
			"9 8 0:25 /containers/overlay-containers/" + id + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n", id,
		},
		{"kubernetes", "9 8 254:0 /var/lib/kubelet/pods/4f1/etc-hosts /etc/hosts rw - ext4 /dev/vda rw\n", ""},
		{
			"the machine of an engine",
			"80 29 0:50 / /var/lib/docker/containers/" + id + "/mounts/shm rw - tmpfs shm rw\n" +
				"81 29 254:0 /var/lib/docker/containers/" + id + "/hosts /mnt/hosts rw - ext4 /dev/vda rw\n", "",
		},
		{"nothing", "", ""},
	} {
		if got := containerOf(tt.mounts); got != tt.want {
			t.Errorf("%s: containerOf = %q, want %q", tt.name, got, tt.want)
		}
	}
}
