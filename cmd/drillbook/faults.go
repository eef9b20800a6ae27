package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drillbook/harness/fault"
	"drillbook/reports/words"
)

func faultsCommand(w words.Words) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "faults",
		Short: w.Say("short.faults"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(cmd.OutOrStdout(), fault.Kinds(forMachines(cmd, w).Lang))
			}
			return printKinds(cmd.OutOrStdout(), fault.Kinds(w.Lang), w)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	return cmd
}

// printKinds prints a paragraph for every sort of fault: a table of sentences
// would be wider than any terminal.
func printKinds(out io.Writer, kinds []fault.Kind, w words.Words) error {
	for i, k := range kinds {
		gap := "\n"
		if i == 0 {
			gap = ""
		}
		until := w.Say("faults.event")
		if k.Lasts {
			until = w.Say("faults.until")
		}
		if _, err := fmt.Fprintf(out, "%s%s\n  %s%s\n  %s%s\n  %s%s\n  %s%s\n  %s%s\n", gap, k.Name,
			w.Say("faults.made"), k.Made, w.Say("faults.like"), k.Like, w.Say("faults.but"), k.Unlike,
			w.Say("faults.proof"), k.Proof, w.Say("faults.lasts"), until); err != nil {
			return err
		}
	}
	return nil
}
