package secret

import (
	"bytes"
	"fmt"
	"io/fs"
)

// Leaks looks through every file of a folder, and through their names, for
// secrets. It returns a line for each file and secret: where, whose, how often.
func Leaks(folder fs.FS, secrets ...Text) ([]string, error) {
	var found []string
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var text []byte
		if entry.Type().IsRegular() {
			if text, err = fs.ReadFile(folder, path); err != nil {
				return err
			}
		}
		for _, t := range secrets {
			if n := t.times(text); n > 0 {
				found = append(found, fmt.Sprintf("%s: %s stands there %d times", Hide(path, t), t, n))
			}
			if Hide(path, t) != path {
				found = append(found, fmt.Sprintf("%s: %s is part of the name", Hide(path, t), t))
			}
		}
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("look for secrets: %w", err)
	}
	return found, nil
}

// times is how often a secret stands in a text, in whatever form.
func (t Text) times(text []byte) int {
	n := 0
	for _, form := range t.forms() {
		n += bytes.Count(text, []byte(form))
		text = bytes.ReplaceAll(text, []byte(form), []byte{'\n'}) // a shorter form would count it again
	}
	return n
}
