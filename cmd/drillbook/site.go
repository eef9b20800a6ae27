package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drillbook/fixtures/sites"
	"drillbook/harness/host/ssh"
	"drillbook/harness/secret"
	"drillbook/harness/site"
	"drillbook/reports/words"
)

func siteCommand(w words.Words) *cobra.Command {
	cmd := &cobra.Command{
		Use: "site", Short: w.Say("short.site"), Long: w.Say("long.site"), Args: noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(siteCheckCommand(w), siteSudoersCommand(w))
	return cmd
}

// theSite reads the file that is the only argument.
func theSite(args []string, w words.Words) (site.Site, error) {
	if len(args) != 1 {
		return site.Site{}, usage(failure(w, nil, "error.site.file"))
	}
	s, err := sites.Read(args[0])
	return s, usage(err)
}

func siteCheckCommand(w words.Words) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check FILE", Short: w.Say("short.site.check"), Long: w.Say("long.site.check"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := theSite(args, w)
			if err != nil {
				return err
			}
			if err := filesThere(s, w); err != nil {
				return usage(err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), s)
			}
			return printSite(cmd.OutOrStdout(), s, time.Now(), w)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	return cmd
}

// filesThere reports which of the files that a site's file names cannot be read. Passwords are
// left alone.
func filesThere(s site.Site, w words.Words) error {
	var errs []error
	for _, named := range []struct{ key, file string }{{"ca", s.Login.CA}, {"ssh_config", s.Settings}} {
		if named.file == "" {
			continue
		}
		f, err := os.Open(named.file)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			errs = append(errs, failure(w, err, "error.site.no-file", "file", s.File, "key", named.key))
		}
	}
	return errors.Join(errs...)
}

func siteSudoersCommand(w words.Words) *cobra.Command {
	return &cobra.Command{
		Use: "sudoers FILE", Short: w.Say("short.site.sudoers"), Long: w.Say("long.site.sudoers"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := theSite(args, w)
			if err != nil {
				return err
			}
			text, err := sudoers(cmd.Context(), s, w)
			if err != nil {
				return usage(err)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
}

// printSite says what was understood of a site's file.
func printSite(out io.Writer, s site.Site, now time.Time, w words.Words) error {
	members := make([][]string, 0, 1+len(s.Members))
	members = append(members, strings.Split(w.Say("site.head"), "\t"))
	for _, m := range s.Members {
		members = append(members, []string{
			m.Name, m.SSH, m.Public, m.Private, cmp.Or(m.Instance, m.Application), powerOf(m.Fence, w),
		})
	}
	if m := s.Monitor; m != nil {
		members = append(members, []string{site.MonitorName, m.SSH, m.Public, m.Private, m.Ini, "-"})
	}
	lines := slices.Concat(inColumns(members), []string{""}, inColumns(siteRows(s, now, w)),
		[]string{"", w.Say("site.nothing-opened")})
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// powerOf says who switches the power of a member's machine. It has no arguments.
func powerOf(f *site.Fence, w words.Words) string {
	switch {
	case f == nil:
		return w.Say("site.power.none")
	case f.Ask:
		return w.Say("site.power.person")
	case len(f.Status) == 0:
		return w.Say("site.power.silent", "program", filepath.Base(f.Off[0]))
	}
	return filepath.Base(f.Off[0])
}

// siteRows are what holds for the whole site: a word and what it is.
func siteRows(s site.Site, now time.Time, w words.Words) [][]string {
	where := s.Data
	if s.Cluster != "" {
		where = s.Cluster
	}
	listens, never, window := w.Say("site.listens.any"), "-", w.Say("site.window.always")
	if s.Listens != nil {
		ports := make([]string, 0, len(s.Listens))
		for _, p := range s.Listens {
			ports = append(ports, strconv.Itoa(p))
		}
		listens = strings.Join(ports, ", ")
	}
	if len(s.Never) > 0 {
		never = strings.Join(s.Never, ", ")
	}
	if !s.Window.IsZero() {
		window = windowOf(s.Window, now, w)
	}
	return [][]string{
		{w.Say("site.row.product"), w.Say("site.product", "product", s.Product, "layout", string(s.Layout), "where",
			where, "port", strconv.Itoa(s.Port), "user", s.User)},
		{w.Say("site.row.login"), loginOf(s.Login, w)},
		{w.Say("site.row.window"), window},
		{w.Say("site.row.never"), never},
		{w.Say("site.row.listens"), listens},
		{w.Say("site.row.lease"), w.Duration(s.Lease)},
		{w.Say("site.row.rate"), w.Say("site.rate", "rate", strconv.Itoa(s.Rate))},
	}
}

// loginOf says how the probe gets in.
func loginOf(l site.Login, w words.Words) string {
	if l.Service != "" {
		return w.Say("site.login.service", "service", l.Service, "user", l.User, "password", keptAt(l.Password, w))
	}
	return w.Say("site.login", "user", l.User, "database", l.Database, "tls", orDash(l.TLS), "password",
		keptAt(l.Password, w))
}

// windowOf says when drills may run, and whether now.
func windowOf(win site.Window, now time.Time, w words.Words) string {
	text := w.Say("site.window", "days", strings.Join(win.Days, ", "), "from", win.From.String(), "to", win.To.String(),
		"zone", win.Zone)
	end, open := win.Until(now)
	if !open {
		return w.Say("site.window.shut", "window", text)
	}
	if zone, err := time.LoadLocation(win.Zone); err == nil {
		end = end.In(zone)
	}
	return w.Say("site.window.open", "window", text, "end", end.Format("2006-01-02 15:04"))
}

// keptAt says where a password is kept.
func keptAt(s secret.Source, w words.Words) string {
	switch {
	case s.Env != "":
		return w.Say("site.password.env", "name", s.Env)
	case s.File != "":
		return w.Say("site.password.file", "file", s.File)
	case len(s.Command) > 0:
		return w.Say("site.password.command", "program", s.Command[0])
	}
	return w.Say("site.password.none")
}

// logins is who may stand in sudoers as it is.
var logins = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// sudoers is the one file with the rights that a drill of the site needs: the same for all
// machines, with the lines of everybody who logs in at one of them.
func sudoers(ctx context.Context, s site.Site, w words.Words) (string, error) {
	var who, lines []string
	type machine struct{ name, ssh string }
	all := make([]machine, 0, 1+len(s.Members))
	for _, m := range s.Members {
		all = append(all, machine{m.Name, m.SSH})
	}
	if s.Monitor != nil {
		all = append(all, machine{site.MonitorName, s.Monitor.SSH})
	}
	for _, m := range all {
		login, err := ssh.User(ctx, s.Settings, m.ssh)
		if err != nil {
			return "", err
		}
		if !logins.MatchString(login) {
			return "", failure(w, nil, "error.site.login", "login", login, "member", m.name)
		}
		if !slices.Contains(who, login) {
			who = append(who, login)
			if login == "root" {
				lines = append(lines, "# "+w.Say("site.sudoers.root"))
			}
			lines = append(lines, ssh.Sudoers(login, s.User)...)
		}
	}
	var b strings.Builder
	for line := range strings.Lines(w.Say("site.sudoers.head", "file", filepath.Base(s.File), "logins",
		strings.Join(who, ", "))) {
		b.WriteString("# " + line)
	}
	b.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return b.String(), nil
}
