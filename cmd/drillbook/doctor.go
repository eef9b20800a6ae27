package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/reports/words"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// finding is one thing that drills need.
type finding struct {
	What  string `json:"what"`
	Found string `json:"found"`
	// Mend is the one thing to do if it is missing; "" if it is not.
	Mend string `json:"mend,omitempty"`
	// Spare says that drills can do without it.
	Spare bool `json:"spare,omitempty"`
}

func doctorCommand(w words.Words) *cobra.Command {
	var asJSON bool
	var out string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: w.Say("short.doctor"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(found []finding) error { return printFindings(cmd.OutOrStdout(), found, w) }
			in := w
			if asJSON {
				show = func(found []finding) error { return printJSON(cmd.OutOrStdout(), found) }
				in = forMachines(cmd, w)
			}
			findings := examine(cmd.Context(), out, in)
			if err := show(findings); err != nil {
				return err
			}
			for _, f := range findings {
				if f.Mend != "" && !f.Spare {
					return &exitError{code: exitEnvironment}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	cmd.Flags().StringVar(&out, "out", filepath.Join("reports", "out"), w.Say("flag.doctor.out"))
	return cmd
}

func examine(ctx context.Context, out string, w words.Words) []finding {
	findings := []finding{
		{What: w.Say("doctor.machine"), Found: w.Say("doctor.machine.found",
			"system", runtime.GOOS+"/"+runtime.GOARCH, "count", strconv.Itoa(runtime.NumCPU()))},
	}
	findings = append(findings, examineFolder(out, w))
	findings = append(findings, examinePaper(ctx, w)...)
	findings = append(findings, examinePlaces(ctx, w)...)
	return append(findings, examineSettings(ctx, w)...)
}

// examinePlaces looks at the places where members can run, of which one will
// do.
func examinePlaces(ctx context.Context, w words.Words) []finding {
	inContainers := finding{What: w.Say("doctor.container")}
	engine, noEngine := container.FindEngine(ctx)
	if noEngine == nil {
		inContainers.Found = w.Say("doctor.container.found", "version", engine.Version,
			"address", engine.Address, "api", engine.API)
	} else {
		inContainers.Mend = told(w, noEngine)
	}
	findings := []finding{inContainers}
	for _, img := range scenarios.Images() {
		if img.Native == nil {
			continue
		}
		onMachine := finding{What: w.Say("doctor.local", "image", img.Name), Spare: noEngine == nil}
		if installed, err := local.Find(img); err == nil {
			onMachine.Found = w.Say("doctor.local.found", "folder", installed.Folder, "user", installed.User)
			findings[0].Spare = true
		} else {
			onMachine.Mend = told(w, err)
		}
		findings = append(findings, onMachine)
	}
	if noEngine == nil {
		findings = append(findings, examineWay(ctx, w))
		findings = append(findings, examineImages(ctx, w)...)
	}
	return findings
}

// examineWay says whether members can be dialled from here, or whether drillbook has to
// run beside them.
func examineWay(ctx context.Context, w words.Words) finding {
	f := finding{What: w.Say("doctor.way"), Found: w.Say("doctor.way.direct"), Spare: true}
	lacks, err := dsl.Containers().Look(ctx)
	switch {
	case err != nil:
		f.Mend = told(w, err)
	case lacks[dsl.ClientsBeside] != "":
		f.Mend = w.Say("doctor.way.published")
	}
	return f
}

func examineFolder(out string, w words.Words) finding {
	f := finding{What: w.Say("doctor.folder"), Found: out}
	if _, err := os.Stat(out); os.IsNotExist(err) {
		f.Found = w.Say("doctor.folder.made", "folder", out)
		return f
	}
	probe, err := os.CreateTemp(out, ".writable-*")
	if err != nil {
		f.Mend = w.Say("doctor.folder.mend", "error", told(w, err))
		return f
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return f
}

// examineImages says which images are there and how the others will be made.
func examineImages(ctx context.Context, w words.Words) []finding {
	findings := make([]finding, 0, len(scenarios.Images()))
	lacking := "" // a base that is not there
	for _, img := range scenarios.Images() {
		f := finding{What: w.Say("doctor.image", "image", img.Name)}
		seen, err := container.CheckImage(ctx, img)
		switch {
		case err != nil:
			f.Mend = told(w, err)
		case seen.There:
			f.Found = w.Say("doctor.image.found", "reference", seen.Ref, "size", strconv.FormatInt(seen.Size>>20, 10))
		default:
			f.Found = w.Say("doctor.image.built")
			if img.Program != nil {
				if _, err := exec.LookPath("go"); err != nil {
					f.Mend = w.Say("doctor.go", "package", img.Program.Package)
				}
			}
			if img.Base.Reference != "" && !seen.BaseThere {
				lacking = seen.Base
				f.Found = w.Say("doctor.image.based", "base", lacking)
				if os.Geteuid() != 0 {
					f.Found = w.Say("doctor.image.based.root", "base", lacking)
				}
			}
		}
		findings = append(findings, f)
	}
	if lacking != "" {
		findings = append(findings, examineBootstrap(lacking, w))
	}
	return findings
}

// examineBootstrap says whether a base can be made here, which is needed only
// where it cannot be pulled.
func examineBootstrap(base string, w words.Words) finding {
	f := finding{What: w.Say("doctor.bootstrap"), Found: w.Say("doctor.bootstrap.found", "base", base), Spare: true}
	if err := container.CanBootstrap(); err != nil {
		f.Mend = w.Say("doctor.bootstrap.mend", "base", base, "error", told(w, err))
	}
	return f
}

func printFindings(out io.Writer, findings []finding, w words.Words) error {
	for _, f := range findings {
		state, found := "doctor.ok", f.Found
		switch {
		case f.Mend != "" && f.Spare:
			state, found = "doctor.absent", f.Mend
		case f.Mend != "":
			state, found = "doctor.missing", f.Mend
		}
		line := w.Say("doctor.line", "state", w.Say(state), "what", f.What, "found", found)
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
