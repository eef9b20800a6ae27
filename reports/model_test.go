package reports_test

import (
	"reflect"
	"testing"

	"drillbook/reports"
	"drillbook/reports/model"
)

// Renderers clean nothing: whatever a database or a user says, what the model holds
// of it is fit to be shown.
func TestModelIsClean(t *testing.T) {
	r := run(hostile())
	r.Skipped, r.Broken = skipped(), brokenRuns()
	r.Skipped[0].Why, r.Broken[0].Why, r.Broken[1].What = nasty, nasty, nasty
	m, err := model.Of(r, "en")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	eachText(reflect.ValueOf(m), "Report", func(path, s string) {
		found++
		if clean := reports.Clean(s); clean != s {
			t.Errorf("%s is %q, want %q", path, s, clean)
		}
	})
	if found < 500 {
		t.Errorf("there are only %d texts", found)
	}
}

// eachText visits the texts that a renderer can read.
func eachText(v reflect.Value, path string, visit func(path, s string)) {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		visit(path, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			eachText(v.Elem(), path, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), path, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				eachText(v.Field(i), path+"."+f.Name, visit)
			}
		}
	}
}
