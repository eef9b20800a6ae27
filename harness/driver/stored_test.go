package driver_test

import (
	"testing"

	"drillbook/harness/driver"
)

func TestParseStored(t *testing.T) {
	for printed, want := range map[string]driver.Stored{
		"0/1/a":           {Seq: 1, Member: "a"},
		"3/4294967295/B2": {Stream: 3, Seq: 1<<32 - 1, Member: "B2"},
		"1/2/":            {Stream: 1, Seq: 2},
	} {
		if got, err := driver.ParseStored(printed); err != nil || got != want {
			t.Errorf("%q = %+v, %v, want %+v", printed, got, err, want)
		}
	}
	for _, printed := range []string{"", "1/2", "1/2/3/4", "x/2/a", "1/x/a", "1/-1/a", "1/4294967296/a"} {
		if got, err := driver.ParseStored(printed); err == nil {
			t.Errorf("%q = %+v, want an error", printed, got)
		}
	}
}
