package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/scenarios"
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

func doctorCommand() *cobra.Command {
	var asJSON bool
	var out string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine lacks for drills, and how to mend it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := examine(cmd.Context(), out)
			if asJSON {
				if err := printJSON(cmd.OutOrStdout(), findings); err != nil {
					return err
				}
			} else if err := printFindings(cmd.OutOrStdout(), findings); err != nil {
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&out, "out", filepath.Join("reports", "out"), "folder of the reports")
	return cmd
}

func examine(ctx context.Context, out string) []finding {
	findings := []finding{
		{What: "machine", Found: fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())},
	}
	findings = append(findings, examineFolder(out))
	return append(findings, examinePlaces(ctx)...)
}

// examinePlaces looks at the places where members can run, of which one will
// do.
func examinePlaces(ctx context.Context) []finding {
	inContainers := finding{What: "host container"}
	engine, noEngine := container.FindEngine(ctx)
	if noEngine == nil {
		inContainers.Found = fmt.Sprintf("engine %s at %s, API %s", engine.Version, engine.Address, engine.API)
	} else {
		inContainers.Mend = noEngine.Error()
	}
	findings := []finding{inContainers}
	for _, img := range scenarios.Images() {
		if img.Native == nil {
			continue
		}
		onMachine := finding{What: "host local, image " + img.Name, Spare: noEngine == nil}
		if installed, err := local.Find(img); err == nil {
			onMachine.Found = fmt.Sprintf("programs in %s, run as %s", installed.Folder, installed.User)
			findings[0].Spare = true
		} else {
			onMachine.Mend = err.Error()
		}
		findings = append(findings, onMachine)
	}
	if noEngine == nil {
		findings = append(findings, examineImages(ctx)...)
	}
	return findings
}

func examineFolder(out string) finding {
	f := finding{What: "folder of the reports", Found: out}
	if _, err := os.Stat(out); os.IsNotExist(err) {
		f.Found += " (will be made)"
		return f
	}
	probe, err := os.CreateTemp(out, ".writable-*")
	if err != nil {
		f.Mend = fmt.Sprintf("%v: make it writable, or choose another with --out", err)
		return f
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return f
}

// examineImages says which images are there and how the others will be made.
func examineImages(ctx context.Context) []finding {
	findings := make([]finding, 0, len(scenarios.Images()))
	lacking := "" // a base that is not there
	for _, img := range scenarios.Images() {
		f := finding{What: "image " + img.Name}
		seen, err := container.CheckImage(ctx, img)
		switch {
		case err != nil:
			f.Mend = err.Error()
		case seen.There:
			f.Found = fmt.Sprintf("%s, %d MB", seen.Ref, seen.Size>>20)
		default:
			f.Found = "will be built on first use"
			if img.Program != nil {
				if _, err := exec.LookPath("go"); err != nil {
					f.Mend = "install Go: it compiles " + img.Program.Package
				}
			}
			if img.Base.Reference != "" && !seen.BaseThere {
				lacking = seen.Base
				f.Found += fmt.Sprintf("; its base %s will be pulled or bootstrapped", lacking)
				if os.Geteuid() != 0 {
					f.Found += " (the latter only as root)"
				}
			}
		}
		findings = append(findings, f)
	}
	if lacking != "" {
		findings = append(findings, examineBootstrap(lacking))
	}
	return findings
}

// examineBootstrap says whether a base can be made here, which is needed only
// where it cannot be pulled.
func examineBootstrap(base string) finding {
	f := finding{What: "mmdebstrap", Found: "makes " + base + " if no registry gives it", Spare: true}
	if err := container.CanBootstrap(); err != nil {
		f.Mend = fmt.Sprintf("needed only if no registry gives %s: %v", base, err)
	}
	return f
}

func printFindings(w io.Writer, findings []finding) error {
	for _, f := range findings {
		line := fmt.Sprintf("ok       %s: %s", f.What, f.Found)
		switch {
		case f.Mend != "" && f.Spare:
			line = fmt.Sprintf("absent   %s: %s", f.What, f.Mend)
		case f.Mend != "":
			line = fmt.Sprintf("MISSING  %s: %s", f.What, f.Mend)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
