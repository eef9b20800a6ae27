package office

import (
	"embed"
	"fmt"
)

//go:embed form.*.xlsx
var forms embed.FS

// Form is a template that can be filled in as it is: the table for testing a switchover
// that the procedures of drillbook come from.
func Form(lang string) ([]byte, error) {
	b, err := forms.ReadFile("form." + lang + ".xlsx")
	if err != nil {
		return nil, fmt.Errorf("no form in the language %q", lang)
	}
	return b, nil
}
