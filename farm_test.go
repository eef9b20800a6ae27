package drillbook_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"

	"drillbook/harness/night"
)

var update = flag.Bool("update", false, "write the manifests into docs/farm.md and docs/farm.zh.md")

// farm is what the manifests are made for.
type farm struct {
	Image, Night string
	Shards       int
	Nodes        int
}

// Indexes counts the shards.
func (f farm) Indexes() []int {
	all := make([]int, 0, f.Shards)
	for i := range f.Shards {
		all = append(all, i+1)
	}
	return all
}

// A manifest stands between these, and its name.
var manifest = regexp.MustCompile("(?s)<!-- manifest: ([a-z]+) -->\n.*?<!-- end -->")

// TestFarmManifests: the manifests of both pages are those of the template, every engine's
// variable is named, and what is YAML can be read as such.
func TestFarmManifests(t *testing.T) {
	tmpl, err := template.ParseFiles("testdata/farm.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	made := farm{Image: "registry.example.com/drillbook", Night: "night.yaml", Shards: 4, Nodes: 2}
	for _, page := range []string{"docs/farm.md", "docs/farm.zh.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		want := manifest.ReplaceAllFunc(text, func(block []byte) []byte {
			name := string(manifest.FindSubmatch(block)[1])
			names = append(names, name)
			var b bytes.Buffer
			if err := tmpl.ExecuteTemplate(&b, name, made); err != nil {
				t.Error(err)
			}
			checkManifest(t, b.String())
			return []byte("<!-- manifest: " + name + " -->\n" + b.String() + "\n<!-- end -->")
		})
		if *update {
			if err := os.WriteFile(page, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(text, want) {
			t.Errorf("%s differs from testdata/farm.tmpl: go test -run TestFarmManifests . -update", page)
		}
		for _, name := range []string{"github", "gitlab", "kubernetes", "swarm", "nomad"} {
			if !slices.Contains(names, name) {
				t.Errorf("%s has no manifest %s", page, name)
			}
		}
		for _, v := range night.Variables() {
			if !strings.Contains(string(text), "`"+v.Name+"`") {
				t.Errorf("%s does not name %s, by which %s tells a task which it is", page, v.Name, v.Engine)
			}
		}
	}
}

// checkManifest reads what is YAML.
func checkManifest(t *testing.T, text string) {
	t.Helper()
	body, ok := strings.CutPrefix(text, "```yaml\n")
	if !ok {
		return
	}
	var v map[string]any
	if err := yaml.Unmarshal([]byte(strings.TrimSuffix(body, "```")), &v); err != nil || len(v) == 0 {
		t.Errorf("not YAML: %v\n%s", err, text)
	}
}
