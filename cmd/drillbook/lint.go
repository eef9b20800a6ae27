package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	dm8 "drillbook/fixtures/dm8/conf"
	iris "drillbook/fixtures/iris/conf"
	"drillbook/fixtures/lint"
	postgres "drillbook/fixtures/postgres/conf"
	"drillbook/reports/words"
)

// linter looks at the configuration files of one product.
type linter struct {
	product string
	files   string // names of its files, for people
	known   func(name string) bool
	lint    func(files []lint.Source, promise time.Duration) []lint.Finding
	explain func(files []lint.Source) []lint.Finding
	words   func(lang string) (lint.Words, error)
}

func linters() []linter {
	nothing := func([]lint.Source) []lint.Finding { return nil }
	return []linter{
		{
			"dm8", "dm.ini, dmmal.ini, dmarch.ini, dmtimer.ini, dmwatcher.ini, dmmonitor*.ini, dm_svc.conf",
			dm8.Known, dm8.LintFiles, dm8.Explain, dm8.Words,
		},
		{"iris", "iris.cpf, *.cpf", iris.Known, iris.LintFiles, nothing, iris.Words},
		{
			"postgres", "postgresql.conf, postgresql.auto.conf, pg_hba.conf, standby.signal", postgres.Known,
			postgres.LintFiles, nothing, postgres.Words,
		},
	}
}

// lintOptions are what the flags of lint say.
type lintOptions struct {
	product string
	promise time.Duration
	explain bool
	json    bool
	lang    string
}

func lintCommand(w words.Words) *cobra.Command {
	var o lintOptions
	cmd := &cobra.Command{
		Use:   "lint DIR|FILE|TAR...",
		Short: w.Say("short.lint"),
		Long:  w.Say("long.lint"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(failure(w, nil, "error.lint.paths"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.lang = w.Lang
			if o.json {
				o.lang = forMachines(cmd, w).Lang
			}
			return o.run(cmd.OutOrStdout(), args, w)
		},
	}
	cmd.Flags().StringVar(&o.product, "product", "", w.Say("flag.lint.product"))
	cmd.Flags().DurationVar(&o.promise, "promise", 0, w.Say("flag.lint.promise"))
	cmd.Flags().BoolVar(&o.explain, "explain", false, w.Say("flag.lint.explain"))
	cmd.Flags().BoolVar(&o.json, "json", false, w.Say("flag.json"))
	return cmd
}

// run reads the files, lints those of each product, and says what was found.
func (o lintOptions) run(out io.Writer, paths []string, w words.Words) error {
	chosen := slices.DeleteFunc(linters(), func(l linter) bool { return o.product != "" && l.product != o.product })
	if len(chosen) == 0 {
		return usage(failure(w, nil, "error.lint.product", "product", o.product, "products", "dm8, iris, postgres"))
	}
	known := func(name string) bool {
		return slices.ContainsFunc(chosen, func(l linter) bool { return l.known(name) })
	}
	files, found, err := lint.Sources(paths, known)
	if err != nil {
		return usage(failure(w, err, "error.lint.read"))
	}
	for _, f := range files {
		if !known(f.Name) {
			return usage(failure(w, nil, "error.lint.unknown", "file", filepath.Join(f.Host, f.Name),
				"known", namesOf(chosen)))
		}
	}
	if len(files) == 0 && len(found) == 0 {
		return usage(failure(w, nil, "error.lint.nothing", "paths", strings.Join(paths, ", "),
			"known", namesOf(chosen)))
	}
	texts, err := lint.Own(o.lang)
	if err != nil {
		return err
	}
	report := lintReport{files: files, found: found}
	for _, l := range chosen {
		mine := slices.DeleteFunc(slices.Clone(files), func(f lint.Source) bool { return !l.known(f.Name) })
		if len(mine) == 0 {
			continue
		}
		more, err := l.words(o.lang)
		if err != nil {
			return err
		}
		texts = texts.And(more)
		report.found = append(report.found, l.lint(mine, o.promise)...)
		if o.explain {
			report.said = append(report.said, l.explain(mine)...)
		}
	}
	report.found = lint.Sort(report.found)
	return report.print(out, texts, o.json)
}

func namesOf(all []linter) string {
	names := make([]string, 0, len(all))
	for _, l := range all {
		names = append(names, l.product+": "+l.files)
	}
	return strings.Join(names, "; ")
}

// lintReport is what came of a look at files.
type lintReport struct {
	files []lint.Source
	found []lint.Finding
	said  []lint.Finding
}

// foundJSON is a finding as --json prints it.
type foundJSON struct {
	Kind    string   `json:"kind"` // must or may
	Code    string   `json:"code"`
	Host    string   `json:"host"`
	File    string   `json:"file"`
	Line    int      `json:"line"` // 0: none in particular
	What    string   `json:"what"`
	Effect  string   `json:"effect,omitempty"`
	Instead string   `json:"instead,omitempty"`
	Args    []string `json:"args"`
}

// reportJSON is what --json prints.
type reportJSON struct {
	Findings []foundJSON `json:"findings"`
	Allows   []string    `json:"allows,omitempty"`
	Must     int         `json:"must"`
	May      int         `json:"may"`
	Files    int         `json:"files"`
	Hosts    int         `json:"hosts"`
}

// print says what was found, one finding a line, and ends with the exit code.
func (r lintReport) print(out io.Writer, texts lint.Words, asJSON bool) error {
	hosts := map[string]bool{}
	for _, f := range r.files {
		hosts[f.Host] = true
	}
	must := len(lint.Must(r.found))
	all := reportJSON{
		Findings: []foundJSON{}, Must: must, May: len(r.found) - must, Files: len(r.files), Hosts: len(hosts),
	}
	var b strings.Builder
	for _, f := range r.found {
		t := texts.Of(f)
		all.Findings = append(all.Findings, foundJSON{
			f.Kind(), f.Code, f.Host, f.File, f.Line, t.What, t.Effect, t.Instead, append([]string{}, f.Args...),
		})
		fmt.Fprintln(&b, texts.Line(f))
	}
	for _, f := range r.said {
		all.Allows = append(all.Allows, texts.Of(f).What)
		fmt.Fprintln(&b, texts.Of(f).What)
	}
	fmt.Fprintln(&b, texts.Of(lint.Finding{Code: "summary", Args: []string{
		strconv.Itoa(must), strconv.Itoa(all.May), strconv.Itoa(all.Files), strconv.Itoa(all.Hosts),
	}}).What)
	err := error(nil)
	if asJSON {
		err = printJSON(out, all)
	} else {
		_, err = io.WriteString(out, b.String())
	}
	if err == nil && must > 0 {
		return &exitError{code: exitMissed}
	}
	return err
}
