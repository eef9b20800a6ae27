package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drillbook/harness/fault"
)

func faultsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "List what drills can break, and what that does and does not imitate",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lang, err := language(cmd)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), fault.Kinds(lang))
			}
			return printKinds(cmd.OutOrStdout(), fault.Kinds(lang), lang)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// printKinds prints a paragraph for every sort of fault: a table of sentences
// would be wider than any terminal.
func printKinds(w io.Writer, kinds []fault.Kind, lang string) error {
	made, like, unlike, proof, lasts := "made by  ", "like     ", "but      ", "proof    ", "lasts    "
	until := map[bool]string{
		true:  "until it is healed; a drill in which it ends before is unmeasurable",
		false: "no time: what runs afterwards is up to the product",
	}
	if lang == "zh" {
		made, like, unlike, proof, lasts = "做法　", "模拟　", "但是　", "证据　", "持续　"
		until = map[bool]string{true: "直到排除；若提前结束，演练不可测", false: "一次性事件：之后运行什么由产品决定"}
	}
	for i, k := range kinds {
		gap := "\n"
		if i == 0 {
			gap = ""
		}
		if _, err := fmt.Fprintf(w, "%s%s\n  %s%s\n  %s%s\n  %s%s\n  %s%s\n  %s%s\n", gap, k.Name,
			made, k.Made, like, k.Like, unlike, k.Unlike, proof, k.Proof, lasts, until[k.Lasts]); err != nil {
			return err
		}
	}
	return nil
}
