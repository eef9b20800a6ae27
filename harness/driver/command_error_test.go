package driver_test

import (
	"testing"

	"drillbook/harness/driver"
	"drillbook/harness/host"
)

// TestCommandError: the reason is what is read, and not the script before it.
func TestCommandError(t *testing.T) {
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"iris", "start", "IRIS"}, "iris start IRIS on b ended with code 1: no such build"},
		{[]string{"sh", "-c", "kill -9 7"}, "sh -c kill -9 7 on b ended with code 1: no such build"},
		{
			[]string{"bash", "-c", "for p in /proc/*; do\n\ttrue\ndone\n", "start-agent", "/usr/irissys", "2188"},
			"start-agent /usr/irissys 2188 on b ended with code 1: no such build",
		},
	} {
		err := &driver.CommandError{Member: "b", Argv: c.argv, Answer: host.Answer{Code: 1, Stderr: "no such build\n"}}
		if err.Error() != c.want {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}
