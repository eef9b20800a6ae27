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
	add(`(dbname=|-d )?\b`, s.Login.Database, "${1}{database}", "{database}")
	add(`(user=|TO ")?\b`, s.Login.User, "${1}{user}", "{user}")
	add(`(port=|-p )?\b`, strconv.Itoa(s.Port), "${1}{port}", "{port}")
	add(`(/etc/postgresql/)?\b`, s.Cluster, "${1}{cluster}", "{cluster}")
	return words
}
