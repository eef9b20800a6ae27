package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	dm8 "drillbook/fixtures/dm8/console"
	"drillbook/fixtures/explain"
	iris "drillbook/fixtures/iris/console"
	"drillbook/fixtures/postgres/sqlstate"
	"drillbook/reports/words"
)

// explained are the products that explain their errors.
func explained() []explain.Product {
	return []explain.Product{iris.Explained(iris.Default()), dm8.Explained(dm8.Default()), sqlstate.Explained()}
}

// explainOptions are what the flags of explain say.
type explainOptions struct {
	product string
	all     bool
	json    bool
}

func explainCommand(w words.Words) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [CODE…|FILE|-]",
		Short: w.Say("short.explain"),
		Long:  w.Say("long.explain"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.json {
				w = forMachines(cmd, w)
			}
			return o.run(cmd, args, w)
		},
	}
	cmd.Flags().StringVar(&o.product, "product", "", w.Say("flag.explain.product"))
	cmd.Flags().BoolVar(&o.all, "all", false, w.Say("flag.explain.all"))
	cmd.Flags().BoolVar(&o.json, "json", false, w.Say("flag.json"))
	return cmd
}

// run explains what the arguments name: codes, or one console.
func (o explainOptions) run(cmd *cobra.Command, args []string, w words.Words) error {
	among := slices.DeleteFunc(explained(), func(p explain.Product) bool {
		return o.product != "" && p.Name != o.product
	})
	if len(among) == 0 {
		return usage(failure(w, nil, "error.lint.product", "product", o.product, "products", "dm8, iris, postgres"))
	}
	say := explainer{out: cmd.OutOrStdout(), w: w, among: among, all: o.all, json: o.json}
	switch {
	case len(args) == 0 || len(args) == 1 && args[0] == "-":
		if len(args) == 0 && atTerminal(cmd.InOrStdin()) {
			return usage(failure(w, nil, "error.explain.what"))
		}
		return say.console(cmd.InOrStdin(), "-")
	case len(args) == 1:
		return say.one(args[0])
	}
	return say.several(args)
}

// one explains what the only argument is: a code, a file, or words with codes in them.
func (e explainer) one(asked string) error {
	if code, ok := explain.Exactly(asked, e.among); ok {
		return e.codes([]string{code})
	}
	if _, err := os.Stat(asked); errors.Is(err, os.ErrNotExist) || strings.ContainsAny(asked, " \n") && err != nil {
		if codes := explain.Asked(asked, e.among); codes != nil {
			return e.codes(codes)
		}
	}
	return e.file(asked)
}

// several explains codes, or a line of a console that was not quoted.
func (e explainer) several(args []string) error {
	var codes []string
	for _, asked := range args {
		some := explain.Asked(asked, e.among)
		if some == nil {
			if codes = explain.Said(strings.Join(args, " "), e.among); codes != nil {
				return e.codes(codes)
			}
			return usage(failure(e.w, nil, "error.explain.many", "asked", asked))
		}
		codes = append(codes, some...)
	}
	return e.codes(codes)
}

// atTerminal reports whether what is read from is a terminal and no pipe or file.
func atTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// codesAsArguments are the arguments of explain with negative codes in brackets, since
// they look like flags otherwise.
func codesAsArguments(args []string) []string {
	if !slices.Contains(args, "explain") {
		return args
	}
	args = slices.Clone(args)
	for i, a := range args {
		if len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			args[i] = "[" + a + "]"
		}
	}
	return args
}

// explainer says what codes and consoles mean.
type explainer struct {
	out   io.Writer
	w     words.Words
	among []explain.Product
	all   bool // lines of a console are marked, however many are alike
	json  bool
}

// codes explains codes. It fails if none is known.
func (e explainer) codes(asked []string) error {
	all := explainedJSON{Explanations: []entryJSON{}, Unknown: []unknownJSON{}}
	var b strings.Builder
	for i, code := range asked {
		if i > 0 {
			b.WriteString("\n")
		}
		hits := explain.Look(code, e.among)
		if len(hits) == 0 {
			u := e.unknown(code)
			all.Unknown = append(all.Unknown, u)
			b.WriteString(e.sayUnknown(u))
			continue
		}
		if len(hits) > 1 {
			b.WriteString(e.w.Say("explain.shared", "code", code, "products", titles(hits),
				"choices", strings.Join(namesOfHits(hits), "|")) + "\n")
		}
		for _, hit := range hits {
			x := e.entry(hit)
			all.Explanations = append(all.Explanations, x)
			b.WriteString(e.sayEntry(x, hit.Product.Title))
		}
	}
	err := error(nil)
	if e.json {
		err = printJSON(e.out, all)
	} else {
		_, err = io.WriteString(e.out, b.String())
	}
	if err == nil && len(all.Explanations) == 0 {
		return &exitError{code: exitMissed}
	}
	return err
}

func titles(hits []explain.Hit) string {
	all := make([]string, len(hits))
	for i, h := range hits {
		all[i] = h.Product.Title
	}
	return strings.Join(all, ", ")
}

func namesOfHits(hits []explain.Hit) []string {
	all := make([]string, len(hits))
	for i, h := range hits {
		all[i] = h.Product.Name
	}
	return all
}

// file explains a console that was saved.
func (e explainer) file(name string) error {
	f, err := os.Open(name) //nolint:gosec // the user names the file
	if errors.Is(err, os.ErrNotExist) {
		return usage(failure(e.w, nil, "error.explain.neither", "asked", name))
	}
	if err != nil {
		return usage(failure(e.w, err, "error.explain.read"))
	}
	defer func() { _ = f.Close() }() // it was only read
	return e.console(f, name)
}
