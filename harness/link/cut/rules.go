package cut

import (
	"encoding/json"
	"fmt"
	"strings"

	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

// ruleset is the rules of one link, in a table of their own.
type ruleset struct {
	table string
	peers []string // addresses of the other end
	port  int      // 0: all protocols and ports
	// dialled says that the other end dials; else the end with the rules does.
	dialled bool
	kind    link.Kind
}

// String is the rules as nft reads them. They take the place of what was in
// the table before, in one transaction. No name may be a word of nft's language:
// "in" and "out" are to its older versions, such as 0.9.8, wherever they stand.
//
// A refusal answers with a reset, which passes our hooks in its turn: one that
// is sent to the peer the output hook, one that is sent to ourselves in the
// name of the peer the input hook. So resets are not refused.
func (r ruleset) String() string {
	out, in := "dport", "sport"
	if r.dialled {
		out, in = in, out
	}
	peers := "{ " + strings.Join(r.peers, ", ") + " }"
	return deleteTable(r.table) + fmt.Sprintf(`table ip %s {
	counter sent { }
	counter received { }
	chain sent {
		type filter hook output priority filter; policy accept;
		ip daddr %s %scounter name "sent" %s
	}
	chain received {
		type filter hook input priority filter; policy accept;
		ip saddr %s %scounter name "received" %s
	}
}
`, r.table, peers, r.match(out), r.verdict(), peers, r.match(in), r.verdict())
}

// match is which packets between the two are meant.
func (r ruleset) match(port string) string {
	var m string
	if r.port != 0 {
		m = fmt.Sprintf("tcp %s %d ", port, r.port)
	}
	if r.kind == link.Refuse {
		m += "tcp flags & rst == 0 "
	}
	return m
}

func (r ruleset) verdict() string {
	if r.kind == link.Refuse {
		return "reject with tcp reset"
	}
	return "drop"
}

// deleteTable deletes a table whether or not it is there.
func deleteTable(table string) string {
	return fmt.Sprintf("add table ip %[1]s\ndelete table ip %[1]s\n", table)
}

// packets adds up the counters of a table that nft lists as JSON. A counter
// outlives the rules that count with it, so these must be there as well.
func packets(text string) (int64, error) {
	var listed struct {
		Nftables []struct {
			Counter *struct{ Packets int64 }
			Rule    *struct{}
		}
	}
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		return 0, phrase.Errorf("read nft's counters: %w", err)
	}
	var sum, found, rules int64
	for _, item := range listed.Nftables {
		if item.Counter != nil {
			sum += item.Counter.Packets
			found++
		}
		if item.Rule != nil {
			rules++
		}
	}
	switch {
	case found == 0:
		return 0, phrase.Errorf("read nft's counters: there are none in %q", text)
	case rules < found:
		return 0, phrase.Errorf("the table has %d counters and only %d rules: somebody has emptied it", found, rules)
	}
	return sum, nil
}
