package ssh

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What ssh -G prints is taken as ssh itself takes it; files that are not there are left out.
func TestSettings(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", "/tmp/agent")
	t.Setenv("OTHER_AGENT", "/tmp/other")
	if err := os.WriteFile(filepath.Join(home, "there"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(home, "there")
	for _, tt := range []struct {
		said string
		want settings
	}{
		{
			"user dba\nhostname 10.0.0.5\nport 2222\nidentityfile ~/there\nidentityfile ~/not\n" +
				"userknownhostsfile ~/there /nowhere\nglobalknownhostsfile /nowhere\nproxyjump dba@one:22,two\n",
			settings{
				user: "dba", host: "10.0.0.5", port: "2222", keys: []string{there}, known: []string{there},
				keeps: []string{"~/there", "/nowhere"},
				jumps: []string{"dba@one:22", "two"}, agent: "/tmp/agent",
			},
		},
		{
			"hostname h\nport 22\nhostkeyalias db1\nidentityagent none\nproxyjump none\n",
			settings{host: "h", port: "22", alias: "db1"},
		},
		{"identityagent $OTHER_AGENT\n", settings{agent: "/tmp/other"}},
		{"identityagent SSH_AUTH_SOCK\n", settings{agent: "/tmp/agent"}},
		{"identityagent ~/there\nforwardagent no\n", settings{agent: there}},
	} {
		if got := parseSettings(tt.said); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q is read as\n%+v, want\n%+v", tt.said, got, tt.want)
		}
	}
	if got := (settings{host: "h", port: "2222"}).keyName(); got != "h:2222" {
		t.Errorf("its key is kept as %s", got)
	}
	if got := (settings{host: "h", port: "2222", alias: "db1"}).keyName(); got != "db1:22" {
		t.Errorf("with an alias its key is kept as %s", got)
	}
}

// A destination is never taken for an option, and one that ssh cannot resolve says so.
func TestDestinations(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	text := "Host proxied\n  ProxyCommand nc %h %p\nHost *\n  User dba\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for destination, want := range map[string]string{
		"-oProxyCommand=touch /tmp/x": "is no destination of ssh", "proxied": "write it as a ProxyJump",
	} {
		if _, err := settingsOf(t.Context(), config, destination); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", destination, err, want)
		}
	}
	s, err := settingsOf(t.Context(), config, "db1.example")
	if err != nil || s.user != "dba" || s.host != "db1.example" || s.port != "22" || s.said != "db1.example" {
		t.Errorf("settings = %+v, %v", s, err)
	}
}

// Every word passes two shells unchanged.
func TestMark(t *testing.T) {
	n := newNode(&Host{}, Machine{})
	said := "welcome\n" + n.mark + "\nits own\n" + n.mark
	if own, ok := n.afterMark(said); !ok || own != "its own\n"+n.mark {
		t.Errorf("behind the mark comes %q, %t", own, ok)
	}
	if _, ok := n.afterMark("This account is not available\n"); ok {
		t.Error("there is a mark")
	}
	if line := n.behindMark("echo 'a b' \"$x\"; !x"); strings.ContainsAny(strings.TrimPrefix(line,
		`exec sh -c 'eval "$(echo "$0" | base64 -d)"' `), " '\"$!;\n") {
		t.Errorf("a login shell may misread %s", line)
	}
}
