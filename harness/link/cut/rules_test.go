package cut_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/link"
	"drillbook/harness/link/cut"
)

// TestNamesAreNotNftKeywords: older versions read a word of their language as one
// wherever it stands, and then refuse the rules. testdata has the words of 0.9.8,
// that of Debian bullseye, as strings of its libnftables has them.
func TestNamesAreNotNftKeywords(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "nft-0.9.8.words"))
	must(t, err)
	words := strings.Fields(string(text))
	if !slices.Contains(words, "out") || !slices.Contains(words, "counter") {
		t.Fatalf("%d words: they are not those of nft", len(words))
	}
	named := regexp.MustCompile(`(?m)^(?:table ip|\s*(?:counter|chain)) (\S+) \{`)
	for _, kind := range []link.Kind{link.Drop, link.Refuse} {
		for _, dialled := range []bool{false, true} {
			rules := cut.Rules(kind, 5432, dialled)
			names := named.FindAllStringSubmatch(rules, -1)
			if len(names) != 5 {
				t.Fatalf("%d names are found in\n%s", len(names), rules)
			}
			for _, name := range names {
				if slices.Contains(words, name[1]) {
					t.Errorf("%q is a word of nft 0.9.8, which refuses the rules", name[1])
				}
			}
		}
	}
}

// TestPackets reads what nft of both ends of the range has listed: one packet was
// sent and refused.
func TestPackets(t *testing.T) {
	for _, version := range []string{"0.9.8", "1.1.3"} {
		text, err := os.ReadFile(filepath.Join("testdata", "nft-"+version+".json"))
		must(t, err)
		listed := string(text)
		if !strings.Contains(listed, `"version": "`+version+`"`) {
			t.Fatalf("nft-%s.json is of another version", version)
		}
		if n, err := cut.Packets(listed); n != 1 || err != nil {
			t.Errorf("nft %s: %d packets, %v, want 1", version, n, err)
		}
		emptied := regexp.MustCompile(`"rule":`).ReplaceAllString(listed, `"chain":`)
		if n, err := cut.Packets(emptied); err == nil {
			t.Errorf("nft %s, without rules: %d packets, want an error", version, n)
		}
	}
}
