package iris_test

import (
	"strings"
	"testing"

	"drillbook/harness/driver"
	"drillbook/scenarios/iris"
)

// driverOf is the driver of a usual drill under these settings.
func driverOf(t *testing.T, env map[string]string) (driver.Driver, error) {
	t.Helper()
	for _, name := range []string{
		"IRIS_IMAGE", "IRIS_ARBITER_IMAGE", "IRIS_KEY", "IRIS_WEB", "IRIS_PATTERNS",
		"IRIS_STANDIN_SPEED", "IRIS_STANDIN_BUILD", "IRIS_STANDIN_LANG", "IRIS_STANDIN_ORDER",
		"IRIS_STANDIN_PRODUCTION_DELAY",
	} {
		t.Setenv(name, env[name])
	}
	return iris.LostPrimary().Driver(map[string]string{"qos": "8s"})
}

// TestBadSettings: what is set wrongly is named before anything is started, and nothing that is
// set is left out in silence.
func TestBadSettings(t *testing.T) {
	for name, texts := range map[string][]string{
		"IRIS_STANDIN_SPEED":            {"fast", "0", "-3", "0.5", "NaN", "Inf", "1000000", "1,5"},
		"IRIS_STANDIN_BUILD":            {"2099", "2022.1"},
		"IRIS_STANDIN_LANG":             {"xx", "ja_JP.UTF-8"},
		"IRIS_STANDIN_ORDER":            {"none", "Any"},
		"IRIS_STANDIN_PRODUCTION_DELAY": {"-1", "3601", "5s", "0.5"},
		"IRIS_ARBITER_IMAGE":            {"nonsense"},
		"IRIS_KEY":                      {"/nonexistent"},
		"IRIS_WEB":                      {"abc", "99999"},
		"IRIS_PATTERNS":                 {"/nonexistent"},
	} {
		for _, text := range texts {
			if _, err := driverOf(t, map[string]string{name: text}); err == nil {
				t.Errorf("%s=%s is taken", name, text)
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: %q does not name it", name, text, err)
			}
		}
	}
}

// TestStandInIsCalledSo: whoever names the stand-in's image as their own gets no report that
// could be taken for one of the product.
func TestStandInIsCalledSo(t *testing.T) {
	for image, want := range map[string]bool{
		"": true, "drillbook/iris:4da04e0a073d": true, "registry.example:5000/drillbook/iris": true,
		"containers.intersystems.com/intersystems/iris:2024.1": false,
		"mine/iris:1": false, "drillbook/irishealth": false,
	} {
		d, err := driverOf(t, map[string]string{"IRIS_IMAGE": image})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Product().StandIn.Text != ""; got != want {
			t.Errorf("IRIS_IMAGE=%s: is the stand-in: %v, want %v", image, got, want)
		}
	}
}
