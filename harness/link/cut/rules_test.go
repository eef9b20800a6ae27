package cut_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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
	named := regexp.MustCompile(`(?m)^(?:table ip|\s*(?:set|counter|chain)) (\S+) \{`)
	for _, kind := range []link.Kind{link.Drop, link.Refuse} {
		for _, dialled := range []bool{false, true} {
			rules := cut.Rules(kind, 5432, dialled)
			names := named.FindAllStringSubmatch(rules, -1)
			if len(names) != 6 {
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
		ended := regexp.MustCompile(`"elem": \[[^]]*\]`).ReplaceAllString(listed, `"flags": ["timeout"]`)
		if n, err := cut.Packets(ended); err == nil {
			t.Errorf("nft %s, without peers: %d packets, want an error", version, n)
		}
	}
}

// TestLeasedRules: the way of the harness stays open, and each peer has a term.
func TestLeasedRules(t *testing.T) {
	rules, renewal := cut.Leased(1500*time.Millisecond, 22, 2222)
	for _, want := range []string{
		"elements = { 127.0.0.1 timeout 1500ms, 10.1.2.3 timeout 1500ms }", "flags timeout;",
		"tcp sport 22 accept\n\t\ttcp sport 2222 accept\n\t\tip daddr", "tcp dport 22 accept",
	} {
		if !strings.Contains(rules, want) {
			t.Errorf("there is no %q in\n%s", want, rules)
		}
	}
	const want = "delete element ip drillbook_test_0 others { 127.0.0.1, 10.1.2.3 }\n" +
		"add element ip drillbook_test_0 others { 127.0.0.1 timeout 1500ms, 10.1.2.3 timeout 1500ms }\n"
	if renewal != want {
		t.Errorf("it is renewed by\n%s, want\n%s", renewal, want)
	}
	plain := cut.Rules(link.Drop, 5432, true)
	if strings.Contains(plain, "timeout") || strings.Contains(plain, "22") {
		t.Errorf("rules without a lease have a term:\n%s", plain)
	}
}
