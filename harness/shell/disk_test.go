package shell_test

import (
	"strings"
	"testing"

	"drillbook/harness/shell"
)

func TestReadDisk(t *testing.T) {
	const heading = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
	for _, tt := range []struct {
		text  string
		block int64
		want  shell.Disk
	}{
		{heading + "overlay 1000 120 880 12% /\n", 1024, shell.Disk{Size: 1024000, Free: 901120, Full: 12, At: "/"}},
		{"overlay 1000 120 880 12% /data", 1, shell.Disk{Size: 1000, Free: 880, Full: 12, At: "/data"}},
		{"//nas/my share 1000 1000 0 100% /my data", 1, shell.Disk{Size: 1000, Full: 100, At: "/my data"}},
	} {
		if got, err := shell.ReadDisk(tt.text, tt.block); err != nil || got != tt.want {
			t.Errorf("ReadDisk(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{
		"", heading, "a b c d e", "12% /", "a b c d 12% /", "a 1 2 3 x% /", "a 1 2 3 - /proc",
	} {
		if got, err := shell.ReadDisk(text, 1); err == nil || !strings.HasPrefix(err.Error(), "df says") {
			t.Errorf("ReadDisk(%q) = %+v, %v, want an error", text, got, err)
		}
	}
}

func TestDiskOf(t *testing.T) {
	got, err := shell.DiskOf(t.Context(), here("a"), t.TempDir())
	if err != nil || got.Size <= 0 || got.Free < 0 || got.Size < got.Free || !strings.HasPrefix(got.At, "/") {
		t.Errorf("DiskOf = %+v, %v, want a disk", got, err)
	}
	if _, err := shell.DiskOf(t.Context(), here("a"), "/no/such/folder"); err == nil ||
		!strings.Contains(err.Error(), "No such file") {
		t.Errorf("DiskOf a folder that is not there = %v, want why", err)
	}
}
