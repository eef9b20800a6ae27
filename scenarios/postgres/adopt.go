package postgres

import (
	"context"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/secret"
	"drillbook/harness/site"
	"drillbook/scenarios/dsl"
)

// adopt makes what is needed to drill a PostgreSQL that is there already.
func adopt(ctx context.Context, s site.Site, password secret.Text) (dsl.Owned, error) {
	env, err := postgres.Places{
		Layout: string(s.Layout), Cluster: s.Cluster, Data: s.Data, Programs: s.Programs, Log: s.Log, Port: s.Port,
	}.Environment()
	if err != nil {
		return dsl.Owned{}, err
	}
	cfg := postgres.AdoptConfig{
		Layout: string(s.Layout), Port: s.Port, Database: s.Login.Database, User: s.Login.User, Password: password,
		TLS: s.Login.TLS, CAFile: s.Login.CA, Addresses: map[string][]string{}, Names: map[string]string{},
		Certified: map[string]string{},
	}
	for _, m := range s.Members {
		public, private, err := m.Addresses(ctx)
		if err != nil {
			return dsl.Owned{}, err
		}
		cfg.Addresses[m.Name] = []string{public.String(), private.String()}
		cfg.Names[m.Name] = m.Application
		cfg.Certified[m.Name] = m.Public // as clients dial it
	}
	known, err := commandsOn(s)
	if err != nil {
		return dsl.Owned{}, err
	}
	return dsl.Owned{
		Env: env, Commands: known,
		Driver: func(params map[string]string) (driver.Driver, error) {
			cfg := cfg
			cfg.Synchronous = params["mode"] == "sync"
			return postgres.Adopt(cfg)
		},
	}, nil
}
