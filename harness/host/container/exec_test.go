package container_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/hosttest"
)

// TestHost: the promises of every host.
func TestHost(t *testing.T) {
	t.Parallel()
	must(t, hosttest.Check(t.Context(), open(t), host.Spec{Name: "a", Image: images.NetAdmin()}))
}

func TestExec(t *testing.T) {
	t.Parallel()
	answer(t, launch(t, open(t), host.Spec{Name: "a"}), []asked{
		{"user", host.Command{Argv: []string{"id", "-un"}, User: "daemon"}, host.Answer{Stdout: "daemon\n"}},
		{"host name", host.Command{Argv: []string{"cat", "/proc/sys/kernel/hostname"}}, host.Answer{Stdout: "a\n"}},
	})
}

// asked is a command and its answer.
type asked struct {
	name string
	c    host.Command
	want host.Answer
}

// answer has a node carry out commands one behind the other.
func answer(t *testing.T, n host.Node, all []asked) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			got, err := n.Exec(t.Context(), tt.c)
			if err != nil || got != tt.want {
				t.Errorf("Exec = %.100v, %v, want %.100v", got, err, tt.want)
			}
		})
	}
}

// The network of a frozen node can still be changed.
func TestFrozenNetwork(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	must(t, n.(host.Freezer).Freeze(t.Context()))
	if _, err := n.(host.NetAdmin).NetExec(t.Context(), host.Command{Argv: []string{"true"}}); err != nil {
		t.Errorf("NetExec on a frozen node = %v", err)
	}
}

// TestProgram runs an image of a program of this module.
func TestProgram(t *testing.T) {
	t.Parallel()
	h := open(t)
	const dockerfile = "FROM scratch\nCOPY hello /hello\nCMD [\"/hello\"]\n"
	img := host.Image{
		Name:    "test-hello",
		Files:   fstest.MapFS{"Dockerfile": {Data: []byte(dockerfile)}},
		Program: &host.Program{Package: "drillbook/harness/host/container/testdata/hello"},
	}
	_, err := container.EnsureImage(t.Context(), img, container.Making{})
	must(t, err)
	t.Cleanup(func() { removeImage(t, "drillbook/test-hello") })
	n := launch(t, h, host.Spec{Name: "a", Image: img})
	eventually(t, func() error {
		if output(t, n) != "hello\n" {
			return errors.New("it has not said hello")
		}
		return nil
	})
	must(t, n.Stop(t.Context()))
	if got, want := output(t, n), "hello\ngoodbye\n"; got != want {
		t.Errorf("output = %q, want %q", got, want)
	}
	must(t, h.Close(t.Context())) // before its image is removed
}
