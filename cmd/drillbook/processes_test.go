package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/secret"
)

// listsProcesses lists all processes of this machine, and so those of its containers,
// twice a second, as everybody may who is on it. The function that it returns ends
// that and is the command lines on which a secret stood.
func listsProcesses(t *testing.T, secrets ...secret.Text) func() []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	listed := make(chan []string, 1)
	go func() {
		found, seen := map[string]bool{}, 0
		for tick := time.NewTicker(500 * time.Millisecond); ; {
			files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // its pattern is well-formed
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					continue // it has ended
				}
				seen++
				line := strings.ReplaceAll(string(text), "\x00", " ")
				if hidden := secret.Hide(line, secrets...); hidden != line {
					found[hidden] = true
				}
			}
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
			}
			tick.Stop()
			t.Logf("%d command lines were looked at", seen)
			listed <- slices.Sorted(maps.Keys(found))
			return
		}
	}()
	return func() []string {
		stop()
		return <-listed
	}
}
