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
