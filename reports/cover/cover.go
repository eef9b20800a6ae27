// Package cover reads what people say of a drill and no record can: number,
// organisation, people, objectives, problems, who signs. It stands on the sheet that is
// signed, beside what was measured; it changes nothing of that.
package cover

import (
	"embed"
	"errors"
	"os"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"drillbook/harness/phrase"
	"drillbook/reports/text"
)

// Cover is what people say. What is empty becomes a box to be filled in by hand.
type Cover struct {
	Number       string            `yaml:"number"`
	Organisation string            `yaml:"organisation"`
	System       string            `yaml:"system"`
	Members      map[string]string `yaml:"members"` // how people call them, by name
	Purpose      string            `yaml:"purpose"`
	Type         string            `yaml:"type"`
	Basis        string            `yaml:"basis"`
	Place        string            `yaml:"place"`
	Window       Window            `yaml:"window"`
	Environment  string            `yaml:"environment"`
	Production   string            `yaml:"production"` // how far the environment is from production
	People       []Person          `yaml:"people"`
	Objectives   Objectives        `yaml:"objectives"`
	Ticket       string            `yaml:"ticket"`
	Attachments  []string          `yaml:"attachments"`
	Problems     []Problem         `yaml:"problems"`
	Approvers    []Person          `yaml:"approvers"`

	rto time.Duration
}

// Window is when the drill was to take place, in local time.
type Window struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// Person is somebody with a part in the drill.
type Person struct {
	Name string `yaml:"name"`
	Role string `yaml:"role"`
}

// Objectives are those of the organisation.
type Objectives struct {
	RTO string `yaml:"rto"`
	RPO *int   `yaml:"rpo"`
}

// Problem is one that people found.
type Problem struct {
	Text   string `yaml:"text"`
	Grade  string `yaml:"grade"`
	Action string `yaml:"action"`
	Owner  string `yaml:"owner"`
	Due    string `yaml:"due"`
}

// RTO is the longest outage that the cover allows; 0 if it says nothing of that.
func (c *Cover) RTO() time.Duration { return c.rto }

//go:embed template.*.yaml
var templates embed.FS

// Template is a cover to be filled in, with comments in a language.
func Template(lang string) ([]byte, error) {
	t, err := templates.ReadFile("template." + lang + ".yaml")
	if err != nil {
		return nil, phrase.Errorf("no cover in the language %q", lang)
	}
	return t, nil
}

// maxBytes bounds a cover: it goes on two pages.
const maxBytes = 256 << 10

// ReadFile reads a cover. Its errors take one line.
func ReadFile(name string) (*Cover, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, phrase.Errorf("read the cover: %w", err)
	}
	if info.Size() > maxBytes {
		return nil, phrase.Errorf("cover %s: it has %d bytes; a cover has at most %d", name, info.Size(), maxBytes)
	}
	b, err := os.ReadFile(name) //nolint:gosec // the user names it
	if err != nil {
		return nil, phrase.Errorf("read the cover: %w", err)
	}
	c, err := Parse(b)
	if err != nil {
		return nil, phrase.Errorf("cover %s: %w", name, err)
	}
	return c, nil
}

// Parse reads a cover. A key that is unknown or there twice, and a date or time that is
// none, is an error.
func Parse(b []byte) (*Cover, error) {
	if !utf8.Valid(b) {
		return nil, phrase.Errorf("it is not UTF-8: save it as UTF-8")
	}
	var c Cover
	if err := yaml.UnmarshalWithOptions(b, &c, yaml.Strict()); err != nil {
		if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
			return nil, phrase.Errorf("line %d: %s", at.GetToken().Position.Line, said(at.GetMessage()))
		}
		return nil, phrase.Errorf("%s", said(err.Error()))
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return &c, nil
}

// said is the message of a parser on one line, bounded.
func said(message string) string { return text.Line(text.Short(message, 200)) }
