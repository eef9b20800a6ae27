package postgres

import (
	"embed"
	"regexp"
	"strconv"
	"strings"

	"drillbook/harness/site"
	"drillbook/scenarios/dsl"
)

//go:embed commands/*.json
var commands embed.FS

// commandsOn are the commands that drills are known to run on a site. A test of drills on
// such clusters writes and checks them.
func commandsOn(s site.Site) (dsl.Commands, error) {
	return dsl.ReadCommands(commands, string(s.Layout), siteWords(s))
}

// asItReplicates is the connection string of a standby, without where it leads and its name:
// what its owner has written there.
var asItReplicates = regexp.MustCompile(`user=[^"']*?(host=\S+ port=\S+ application_name=[^\s"']+)[^"']*`)

// siteWords is what a site has for what stands in known commands.
func siteWords(s site.Site) dsl.SiteWords {
	words := dsl.SiteWords{{Of: asItReplicates, General: "{as it replicates} $1"}}
	add := func(pattern, value, general, named string) {
		if value != "" {
			words = append(words, dsl.SiteWord{
				Of: regexp.MustCompile(strings.ReplaceAll(pattern, "?", regexp.QuoteMeta(value))), General: general,
				Token: named, Value: value,
			})
		}
	}
	add("?", hosts(s.Members), "{hosts}", "{hosts}")
	add("?", byAddress(s.Members, "'"), "{by address}", "{by address}")
	add("?", byAddress(s.Members, `'\''`), "{by address, quoted}", "{by address, quoted}")
	add(`(dbname=|-d )?\b`, s.Login.Database, "${1}{database}", "{database}")
	add(`(user=|TO ")?\b`, s.Login.User, "${1}{user}", "{user}")
	add(`(port=|-p )?\b`, strconv.Itoa(s.Port), "${1}{port}", "{port}")
	add(`(/etc/postgresql/)?\b`, s.Cluster, "${1}{cluster}", "{cluster}")
	return words
}

// hosts is a list of all members, in the order of the file, which knows no roles.
func hosts(all []site.Member) string {
	addresses := make([]string, 0, len(all))
	for _, m := range all {
		addresses = append(addresses, m.Public)
	}
	return strings.Join(addresses, ",")
}

// byAddress tells a member by the address at which it was reached, in the order of the file.
func byAddress(all []site.Member, quote string) string {
	quoted := func(s string) string { return quote + s + quote }
	cases := make([]string, 0, 2*len(all))
	for _, m := range all {
		for _, at := range []string{m.Public, m.Private} {
			cases = append(cases, "WHEN "+quoted(at)+" THEN "+quoted(m.Name))
		}
	}
	return strings.Join(cases, " ")
}
