package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/fixtures/dm8"
	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/host/local"
	"drillbook/harness/secret"
	"drillbook/reports/words"
	dm8scenarios "drillbook/scenarios/dm8"
)

// consoleFlags are what a watch by consoles needs besides.
type consoleFlags struct {
	disql, passwordEnv, passwordFile string
}

const dm8Name = "dm8"

// passwordVariable has the password of DM8's user where no flag says otherwise.
const passwordVariable = "DM8_PASSWORD"

func (f *consoleFlags) add(flags *pflag.FlagSet, w words.Words) {
	flags.StringVar(&f.disql, "disql", "", w.Say("watch.flag.disql"))
	flags.StringVar(&f.passwordEnv, "password-env", "", w.Say("watch.flag.password-env"))
	flags.StringVar(&f.passwordFile, "password-file", "", w.Say("watch.flag.password-file"))
}

// checkProduct reports why the product cannot be watched, or not with these flags.
func (f watchFlags) checkProduct(cmd *cobra.Command, w words.Words) error {
	switch f.product {
	case dm8Name:
		if f.console.passwordEnv != "" && f.console.passwordFile != "" {
			return errors.New(w.Say("watch.error.passwords"))
		}
		return nil
	case "iris":
		return errors.New(w.Say("watch.error.iris"))
	case "postgres":
		for _, flag := range []string{"disql", "password-env", "password-file"} {
			if cmd.Flags().Changed(flag) {
				return errors.New(w.Say("watch.error.console-flag", "flag", flag))
			}
		}
		return nil
	}
	return errors.New(w.Say("watch.error.product", "product", f.product))
}

// described is the product as reports have it before anything is known of the site.
func (f watchFlags) described() driver.Description {
	if f.product == dm8Name {
		return (&dm8.Site{}).Product()
	}
	return (&postgres.Site{}).Product()
}

// site is what the flags lead to. It is not reached yet.
func (f watchFlags) site(ctx context.Context, connection, run string, w words.Words) (driver.Site, error) {
	if f.product != dm8Name {
		s, err := postgres.NewSite(postgres.SiteConfig{Conninfo: connection, Run: run, ReadOnly: f.probe.ReadOnly})
		if err != nil {
			return nil, usage(err)
		}
		return s, nil
	}
	said := func(err error) error { return &saidError{text: told(w, err), cause: err} }
	if err := dm8.CheckShown(connection); err != nil { // before anything else is wrong
		return nil, usage(said(err))
	}
	env := cmp.Or(f.console.passwordEnv, passwordVariable)
	client, err := dm8.FindClient(f.console.disql, env)
	if err != nil {
		return nil, environment(said(err))
	}
	from := secret.Source{File: f.console.passwordFile}
	if from.File == "" {
		from.Env = env
	}
	password, err := from.Resolve(ctx, "password")
	if err != nil {
		return nil, usage(said(err))
	}
	s, err := dm8scenarios.Site(dm8.SiteConfig{
		Connection: connection, Run: run, ReadOnly: f.probe.ReadOnly, Client: client,
		On: local.Terminal{Env: client.Env}, Password: password,
	})
	if err != nil {
		return nil, usage(said(err))
	}
	return s, nil
}
