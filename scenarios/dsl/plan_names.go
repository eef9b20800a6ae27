package dsl

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"drillbook/harness/phrase"
	"drillbook/harness/plan"
)

// Commands are those that drills of runbooks have run on clusters that were there already.
type Commands struct {
	// Known are they by runbook and number of the step; 0: before the first. Members stand in
	// them, and are, as the page calls them: {a}, {a.public}, {a.private}; what is made anew for each run
	// as <lsn>, <time> or <run>; and what is the site's as Site has it.
	Known map[string]map[int][]plan.Command
	Site  SiteWords
}

// ReadCommands reads the commands that are known for a layout of servers, which stand in the
// folder commands of a product's scenarios.
func ReadCommands(files fs.FS, layout string, site SiteWords) (Commands, error) {
	known := Commands{Site: site}
	text, err := fs.ReadFile(files, "commands/"+layout+".json")
	if err == nil {
		err = json.Unmarshal(text, &known.Known)
	}
	if err != nil {
		return known, phrase.Errorf("read which commands drills run on a %s server: %w", layout, err)
	}
	return known, nil
}

// SiteWords is what a site has where known commands have a word in braces.
type SiteWords []SiteWord

// SiteWord is one of them: what Of finds becomes General, and Token is Value again.
type SiteWord struct {
	Of           *regexp.Regexp
	General      string
	Token, Value string // "": it stays as it is
}

// General is a command without what is the site's.
func (w SiteWords) General(command string) string {
	for _, word := range w {
		command = word.Of.ReplaceAllString(command, word.General)
	}
	return command
}

// Named is a known command with what is the site's.
func (w SiteWords) Named(command string) string {
	for _, word := range w {
		if word.Token != "" {
			command = strings.ReplaceAll(command, word.Token, word.Value)
		}
	}
	return command
}

// Names are what a site calls the members, and what the page calls them.
type Names []plan.Member

// pairs are the names of the site with those of pages, the longest first.
func (n Names) pairs() []string {
	type pair struct{ site, page string }
	all := make([]pair, 0, 3*len(n))
	for _, m := range n {
		all = append(all, pair{m.Public, "{" + m.Page + ".public}"}, pair{m.Private, "{" + m.Page + ".private}"},
			pair{m.Name, "{" + m.Page + "}"})
	}
	slices.SortStableFunc(all, func(x, y pair) int { return len(y.site) - len(x.site) })
	flat := make([]string, 0, 2*len(all))
	for _, p := range all {
		flat = append(flat, p.site, p.page)
	}
	return flat
}

// General is a command of a record as [Commands] has it.
func (n Names) General(command string) string {
	return withoutRun(strings.NewReplacer(n.pairs()...).Replace(command))
}

// Named is a command of [Commands] with the site's names.
func (n Names) Named(command string) string {
	pairs := n.pairs()
	slices.Reverse(pairs)
	return strings.NewReplacer(pairs...).Replace(command)
}

var (
	madeTable = regexp.MustCompile(`drillbook_[0-9a-f]{8}`)
	position  = regexp.MustCompile(`\b[0-9A-F]{1,8}/[0-9A-F]{1,8}\b`)
	moment    = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?)?`)
	number    = regexp.MustCompile(`\b\d+\b`)
)

// withoutRun is a command without what is made anew for every run.
func withoutRun(command string) string {
	command = madeTable.ReplaceAllString(command, "drillbook_<run>")
	return position.ReplaceAllString(moment.ReplaceAllString(command, "<time>"), "<lsn>")
}

// Same reports whether a command of a plan is one of a record.
func (w SiteWords) Same(planned, ran plan.Command) bool {
	planned.Command, ran.Command = w.General(planned.Command), w.General(ran.Command)
	return SameCommand(planned, ran)
}

// SameCommand reports whether two commands of one member differ in nothing but what is made
// anew for every run, numbers of processes and timelines among it.
func SameCommand(a, b plan.Command) bool {
	loose := func(c string) string { return number.ReplaceAllString(withoutRun(c), "#") }
	return a.Member == b.Member && loose(a.Command) == loose(b.Command)
}
