package cut

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

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
	term    time.Duration // after which the kernel forgets the peers; 0: it does not
	spared  []int         // ports of the end with the rules that stay open to all
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
	flags := ""
	if r.term > 0 {
		flags = " flags timeout;"
	}
	return deleteTable(r.table) + fmt.Sprintf(`table ip %s {
	set others { type ipv4_addr;%s elements = { %s } }
	counter sent { }
	counter received { }
	chain sent {
		type filter hook output priority filter; policy accept;
%s		ip daddr @others %scounter name "sent" %s
	}
	chain received {
		type filter hook input priority filter; policy accept;
%s		ip saddr @others %scounter name "received" %s
	}
}
`, r.table, flags, r.elements(), r.spare("sport"), r.match(out), r.verdict(), r.spare("dport"), r.match(in),
		r.verdict())
}

// elements are the peers, each with its term.
func (r ruleset) elements() string {
	all := slices.Clone(r.peers)
	if r.term > 0 {
		for i := range all {
			all[i] += fmt.Sprintf(" timeout %dms", r.term.Milliseconds())
		}
	}
	return strings.Join(all, ", ")
}

// renewal begins another term of all peers, in one transaction: there is no moment
// without one. It fails if one of them was forgotten.
func (r ruleset) renewal() string {
	return fmt.Sprintf("delete element ip %[1]s others { %[2]s }\nadd element ip %[1]s others { %[3]s }\n",
		r.table, strings.Join(r.peers, ", "), r.elements())
}

// spare lets the ports pass that must stay open.
func (r ruleset) spare(port string) string {
	var b strings.Builder
	for _, p := range r.spared {
		fmt.Fprintf(&b, "\t\ttcp %s %d accept\n", port, p)
	}
	return b.String()
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
// outlives the rules that count with it, and these the peers whose term has ended, so
// they must be there as well.
func packets(text string) (int64, error) {
	var listed struct {
		Nftables []struct {
			Counter *struct{ Packets int64 }
			Rule    *struct{}
			Set     *struct{ Elem []json.RawMessage }
		}
	}
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		return 0, phrase.Errorf("read nft's counters: %w", err)
	}
	var sum int64
	var counters, rules, peers int
	for _, item := range listed.Nftables {
		if item.Counter != nil {
			sum += item.Counter.Packets
			counters++
		}
		if item.Rule != nil {
			rules++
		}
		if item.Set != nil {
			peers += len(item.Set.Elem)
		}
	}
	switch {
	case counters == 0:
		return 0, phrase.Errorf("read nft's counters: there are none in %q", text)
	case rules < counters:
		return 0, phrase.Errorf("the table has %d counters and only %d rules: somebody has emptied it", counters,
			rules)
	case peers == 0:
		return 0, phrase.Errorf("the table names nobody any more whose packets are stopped")
	}
	return sum, nil
}
