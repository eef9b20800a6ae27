package postgres

import (
	"cmp"
	"fmt"
	"os"
	"strconv"

	"drillbook/fixtures/postgres"
	"drillbook/fixtures/postgres/conf"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/driver"
	"drillbook/harness/secret"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// The parameters of every runbook of the product, by which a person says what their own
// cluster is like. Those that name files are flags of the command, too.
const (
	paramVersion  = "version"
	paramConf     = "postgres-conf"
	paramAccess   = "hba"
	paramDatabase = "database"
	paramUser     = "user"
	paramPort     = "port"
	paramTLS      = "tls"
)

// passwordEnv has the password of the application, and of replication. It is the variable
// that images of PostgreSQL take, too.
const passwordEnv = "POSTGRES_PASSWORD" //nolint:gosec // its name

func params() []runbooks.Param {
	return []runbooks.Param{
		{Name: paramVersion},
		{Name: paramConf},
		{Name: paramAccess},
		{Name: paramDatabase},
		{Name: paramUser},
		{Name: paramPort},
		{Name: paramTLS, Allowed: []string{"on", "off"}},
	}
}

// own is what the person has of their own.
func own(given map[string]string) (postgres.Own, error) {
	o := postgres.Own{
		Database: given[paramDatabase], User: given[paramUser], AccessFile: given[paramAccess],
		TLS: given[paramTLS] == "on",
	}
	o.From.Own = os.Getenv(image.OwnVariable)
	if p := os.Getenv(passwordEnv); p != "" {
		o.Password = secret.New(passwordEnv, p)
	}
	var err error
	if o.From.Version, err = whole(given, paramVersion, 1, 99); err != nil {
		return o, err
	}
	if o.From.Port, err = whole(given, paramPort, 1024, 65535); err != nil {
		return o, err
	}
	if file := given[paramConf]; file != "" {
		if o.Settings, err = conf.ReadSettings(file); err != nil {
			return o, fmt.Errorf("--%s: %w", paramConf, err)
		}
	}
	if file := given[paramAccess]; file != "" {
		if o.Access, err = conf.ReadAccess(file); err != nil {
			return o, fmt.Errorf("--%s: %w", paramAccess, err)
		}
	}
	return o, nil
}

// whole is a parameter that is a whole number; 0 if it was not given.
func whole(given map[string]string, name string, least, most int) (int, error) {
	text := given[name]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s=%s: it may be %d to %d", name, text, least, most)
	}
	return n, nil
}

// configured makes the driver for the parameter mode and what is the person's own.
func configured(given map[string]string, cfg postgres.Config) (driver.Driver, error) {
	var err error
	if cfg.Own, err = own(given); err != nil {
		return nil, err
	}
	cfg.Synchronous = given["mode"] == "sync"
	return postgres.Make(cfg)
}

// client is the application of a drill's cluster.
func client(d *dsl.Drill) postgres.Client { return postgres.ClientOf(d.Cluster.Driver) }

// third is the standby that a cluster of three members has besides.
func third(given map[string]string) []string {
	if cmp.Or(given["members"], "2") == "3" {
		return []string{"c"}
	}
	return nil
}
