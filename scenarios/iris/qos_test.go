package iris_test

import (
	"strings"
	"testing"
	"time"

	fixture "drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// withQoS are the scenarios that can be told the QoS timeout.
func withQoS() []dsl.Scenario { return []dsl.Scenario{iris.LostPrimary(), iris.NetworkCut()} }

// TestQoS holds what is expected against the timeout that was asked for: the guide's sum for
// a host that is lost is QoS and 10 seconds.
func TestQoS(t *testing.T) {
	t.Setenv("IRIS_IMAGE", "")
	t.Setenv("IRIS_STANDIN_SPEED", "1")
	for _, s := range withQoS() {
		for text, want := range map[string]time.Duration{
			"8s": 18 * time.Second, "16s": 26 * time.Second, "1s": 11 * time.Second, "2m": 130 * time.Second,
			"1500ms": 11500 * time.Millisecond,
		} {
			drv, err := s.Driver(map[string]string{"qos": text})
			if err != nil {
				t.Errorf("%s, qos=%s: %v", s.Runbook, text, err)
				continue
			}
			d, ok := drv.(*fixture.Driver)
			if !ok {
				t.Fatalf("%s: the driver is %T", s.Runbook, drv)
			}
			if got := d.Expected(conf.HostLost).Most; got != want {
				t.Errorf("%s, qos=%s: %s expected of a lost host, want %s", s.Runbook, text, got, want)
			}
		}
	}
}

func TestBadQoS(t *testing.T) {
	for _, s := range withQoS() {
		for _, text := range []string{"", "8", "8000", "soon", "0s", "-8s", "999ms", "2m1s", "1h", "8.0005s"} {
			_, err := s.Driver(map[string]string{"qos": text})
			if err == nil {
				t.Errorf("%s, qos=%s is taken", s.Runbook, text)
				continue
			}
			for _, want := range []string{"qos=" + text, "1s", "2m0s"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s, qos=%s: %q does not say %q", s.Runbook, text, err, want)
				}
			}
		}
	}
}

// TestTooFast: a timeout that is over before a busy machine runs a process is refused beforehand,
// with what to type.
func TestTooFast(t *testing.T) {
	for _, name := range []string{"IRIS_IMAGE", "IRIS_KEY", "IRIS_ARBITER_IMAGE"} {
		t.Setenv(name, "")
	}
	for _, c := range []struct{ speed, qos, atMost string }{
		{"10", "1s", "5 or less"},
		{"10", "2s", ""},
		{"1", "1s", ""},
		{"40", "8s", ""},
		{"41", "8s", "40 or less"},
		{"10000", "2m", "600 or less"},
	} {
		t.Setenv("IRIS_STANDIN_SPEED", c.speed)
		_, err := iris.LostPrimary().Driver(map[string]string{"qos": c.qos})
		switch {
		case c.atMost == "" && err != nil:
			t.Errorf("speed %s, qos=%s: %v", c.speed, c.qos, err)
		case c.atMost != "" && (err == nil || !strings.Contains(err.Error(), c.atMost)):
			t.Errorf("speed %s, qos=%s: %v, want %q", c.speed, c.qos, err, c.atMost)
		}
	}
}
