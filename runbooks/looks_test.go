package runbooks_test

import (
	"regexp"
	"strings"
	"testing"

	"drillbook/runbooks"
)

// TestLooksFirst: what changes a member's part in the mirror is typed only below a command that shows which
// member this is. On another one the same call would do something else.
func TestLooksFirst(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	changes := regexp.MustCompile(`SYS\.Mirror\)\.(?:Promote|PromoteWithNoPartner|Demote|StopMirror|` +
		`RemoveMirrorConfiguration|RemoveOneMirrorSet)\(`)
	looks := regexp.MustCompile(`iris qlist|GetMemberType\(|GetMemberStatus\(|\[Mirrors`)
	typed := 0
	for _, b := range lib {
		if b.Product() != "iris" {
			continue
		}
		for _, s := range b.Steps {
			for lang, body := range s.Body {
				looked := false
				for line := range strings.Lines(body) {
					switch command := strings.HasPrefix(line, "    "); {
					case command && changes.MatchString(line):
						typed++
						if !looked {
							t.Errorf("%s: step %d types this without a look before it: %s", s.Where[lang], s.Number,
								strings.TrimSpace(line))
						}
					case looks.MatchString(line):
						looked = true
					}
				}
			}
		}
	}
	if typed == 0 {
		t.Error("no step types anything of the kind: the pages are written in another way now")
	}
}
