package dm8

import (
	"os"

	"drillbook/fixtures/dm8"
	"drillbook/fixtures/dm8/conf"
	"drillbook/harness/driver"
)

// Site is a person's own group that is watched, read as DM8_PATTERNS says.
func Site(cfg dm8.SiteConfig) (driver.Site, error) {
	if os.Getenv(patternsEnv) != "" {
		own, err := config(conf.Manual)
		if err != nil {
			return nil, err
		}
		cfg.Patterns = own.Patterns
	}
	cfg.Runs = standInOf
	return dm8.NewSite(cfg)
}
