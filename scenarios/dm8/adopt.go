package dm8

import (
	"cmp"
	"context"
	"embed"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"drillbook/fixtures/dm8"
	"drillbook/fixtures/dm8/conf"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/secret"
	"drillbook/harness/site"
	"drillbook/scenarios/dsl"
)

// adopt makes what is needed to drill a group that is there already. Its pages are those of
// groups in mode MANUAL; others are refused since they do not say which faults they inject.
func adopt(ctx context.Context, s site.Site, password secret.Text) (dsl.Owned, error) {
	own := dm8.Own{
		Programs: s.Programs, Data: s.Data, Log: s.Log, Port: s.Port, Monitor: s.Monitor.Ini, Service: s.Login.Service,
		Instances: map[string]string{}, Addresses: map[string]dm8.Addresses{}, Password: password,
		From: s.Login.Password, Mode: conf.Manual, Runs: standInOf, Seen: &dm8.Seen{},
	}
	for _, m := range s.Members {
		public, private, err := m.Addresses(ctx)
		if err != nil {
			return dsl.Owned{}, err
		}
		own.Instances[m.Name] = m.Instance
		own.Addresses[m.Name] = dm8.Addresses{Public: public.String(), Private: private.String()}
	}
	if os.Getenv(patternsEnv) != "" {
		cfg, err := config(conf.Manual)
		if err != nil {
			return dsl.Owned{}, err
		}
		own.Patterns = cfg.Patterns
	}
	known, err := commandsOn(s)
	if err != nil {
		return dsl.Owned{}, err
	}
	return dsl.Owned{
		Env: own.Environment(), Commands: known,
		Driver: func(params map[string]string) (driver.Driver, error) {
			own := own
			own.Async, own.Standbys = params["feed"] == "async", len(s.Members)-1
			if text, said := params["standbys"]; said {
				own.Standbys, _ = strconv.Atoi(text) // the page has checked it
			}
			return dm8.Adopt(own)
		},
	}, nil
}

// standInOf says what really runs where the banner says that it is a stand-in.
func standInOf(banner string) phrase.Phrase {
	if !strings.Contains(banner, "STAND-IN") {
		return phrase.Phrase{}
	}
	return phrase.Say("drillbook's own program in the place of DM8, as its banner says")
}

//go:embed commands/*.json
var commands embed.FS

// commandsOn are the commands that drills are known to run on a site. A test of drills on
// such groups writes and checks them.
func commandsOn(s site.Site) (dsl.Commands, error) {
	return dsl.ReadCommands(commands, string(s.Layout), siteWords(s))
}

// siteWords is what a site has for what stands in known commands.
func siteWords(s site.Site) dsl.SiteWords {
	words := dsl.SiteWords{
		{Of: regexp.MustCompile(`sp_set_oguid\(\d+\)`), General: "sp_set_oguid({the OGUID})"},
		{Of: regexp.MustCompile(`DRILLBOOK_FULL_\d+`), General: "DRILLBOOK_FULL_<time>"},
	}
	add := func(value, token string) {
		if value != "" {
			words = append(words, dsl.SiteWord{
				Of: regexp.MustCompile(regexp.QuoteMeta(value) + `\b`), General: token, Token: token, Value: value,
			})
		}
	}
	add(s.Data, "{data}")
	home := path.Dir(s.Programs)
	add(cmp.Or(s.Log, path.Join(home, "log")), "{log}")
	add(s.Programs, "{programs}")
	add(home, "{home}")
	if s.Monitor != nil {
		add(s.Monitor.Ini, "{monitor.ini}")
	}
	words = append(words, dsl.SiteWord{
		Of: regexp.MustCompile(`(127\.0\.0\.1:)` + strconv.Itoa(s.Port) + `\b`), General: "${1}{port}",
		Token: "{port}", Value: strconv.Itoa(s.Port),
	})
	for _, m := range s.Members {
		words = append(words, dsl.SiteWord{
			Of:      regexp.MustCompile(`(dmmonitor: [a-z ]+)\b` + regexp.QuoteMeta(m.Instance) + `\b`),
			General: "${1}{instance of " + m.Name + "}", Token: "{instance of " + m.Name + "}", Value: m.Instance,
		})
	}
	return words
}
