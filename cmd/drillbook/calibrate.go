package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"drillbook/harness/calibrate"
	"drillbook/harness/probe"
	"drillbook/reports"
)

// The outages of a calibration are between these lengths.
const (
	shortest = 10 * time.Millisecond
	longest  = 4500 * time.Millisecond
	visible  = 200 * time.Millisecond // to those who ask once a second
)

// calibrated is one row of the table: a probe or a shape that others use.
type calibrated struct {
	Probe   string       `json:"probe"`
	Manners []calManners `json:"manners"`
	Within  int          `json:"within,omitempty"` // trials whose bracket holds the truth
	Trials  int          `json:"trials"`
	Stalled int          `json:"stalled,omitempty"` // trials in which the harness itself stood still
}

// calManners is what was found of one manner of outage.
type calManners struct {
	How      calibrate.Manner `json:"how"`
	MedianMS float64          `json:"error_median_ms"`
	WorstMS  float64          `json:"error_worst_ms"`
	Unseen   int              `json:"unseen"` // outages in which nothing failed, or that were not found
	Trials   int              `json:"trials"`
}

func calibrateCommand() *cobra.Command {
	var asJSON, alone bool
	var trials int
	var seed uint64
	var rates []float64
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "Play outages of known length and print how far the probe is off",
		Long: `Play outages of known length – resets, hangs and blackholes of 10 ms to 4.5 s – against
a server of our own, and print how far the probe is off, beside what others use in the
same run. The error of our probe is that of the middle of its bracket; that of the others
is the time between two successes less the outage. An outage that was not seen counts as
one of nothing to the shortest that the probe is sure to see at its rate.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if trials < 1 {
				return usage(fmt.Errorf("--trials %d: at least 1", trials))
			}
			for _, rate := range rates {
				if rate < 1 || rate > probe.MaxRate {
					return usage(fmt.Errorf("--rates %g: 1 to %d attempts a second", rate, probe.MaxRate))
				}
			}
			progress := io.Discard
			if f, ok := cmd.ErrOrStderr().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
				progress = f
			}
			rows, err := calibrateAll(cmd.Context(), rates, trials, seed, alone, progress)
			if err != nil {
				return environment(err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printCalibration(cmd.OutOrStdout(), rows)
		},
	}
	cmd.Flags().IntVar(&trials, "trials", 10, "outages of each manner and rate")
	cmd.Flags().Float64SliceVar(&rates, "rates", []float64{100, 200, 500}, "attempts a second of our probe")
	cmd.Flags().BoolVar(&alone, "alone", false, "leave out what others use")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the outages' lengths")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// calibrateAll runs the probes one after the other, so that they do not
// disturb each other, and what others use beside the first.
func calibrateAll(
	ctx context.Context, rates []float64, trials int, seed uint64, alone bool, progress io.Writer,
) ([]calibrated, error) {
	var work sync.WaitGroup
	shapes := calibrate.Shapes()
	if alone {
		shapes = nil
	}
	rows := make([]calibrated, len(shapes), len(shapes)+len(rates))
	errs := make([]error, len(shapes))
	for i, s := range shapes {
		work.Go(func() {
			seen, err := calibrate.Watch(ctx, s, lengths(10, seed, visible))
			rows[i], errs[i] = ofGlimpses(s.Name, seen), err
		})
	}
	work.Wait()
	for _, rate := range rates {
		s := calibrate.Settings{Rate: rate, Connect: 100 * time.Millisecond, Reply: 250 * time.Millisecond}
		played := 0
		outages := lengths(trials, seed, shortest)
		done, err := calibrate.Run(ctx, s, outages, func(calibrate.Trial) {
			played++
			_, _ = fmt.Fprintf(progress, "\r%.0f/s: %d of %d outages ", rate, played, len(outages))
		})
		_, _ = fmt.Fprint(progress, "\r\033[K")
		if err != nil {
			return nil, err
		}
		rows = append(rows, ofTrials(fmt.Sprintf("drillbook, open loop %.0f/s", rate), done))
	}
	return rows, errors.Join(errs...)
}

// lengths are outages of every manner, of lengths that are spread evenly over
// the orders of magnitude.
func lengths(each int, seed uint64, least time.Duration) []calibrate.Outage {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it must be possible to repeat it
	all := make([]calibrate.Outage, 0, each*len(calibrate.Manners()))
	for range each {
		for _, how := range calibrate.Manners() {
			ratio := math.Pow(float64(longest)/float64(least), r.Float64())
			all = append(all, calibrate.Outage{How: how, Length: time.Duration(float64(least) * ratio)})
		}
	}
	return all
}

func ofTrials(name string, trials []calibrate.Trial) calibrated {
	row := calibrated{Probe: name, Trials: len(trials)}
	for _, how := range calibrate.Manners() {
		m := calManners{How: how}
		var errs []time.Duration
		for _, t := range trials {
			if t.How != how {
				continue
			}
			m.Trials++
			if !t.Seen {
				m.Unseen++
				continue
			}
			errs = append(errs, t.Error())
		}
		m.MedianMS, m.WorstMS = spread(errs)
		row.Manners = append(row.Manners, m)
	}
	for _, t := range trials {
		if t.Holds() {
			row.Within++
		}
		if t.Stalled {
			row.Stalled++
		}
	}
	return row
}

func ofGlimpses(name string, seen []calibrate.Glimpse) calibrated {
	row := calibrated{Probe: name, Trials: len(seen)}
	for _, how := range calibrate.Manners() {
		m := calManners{How: how}
		var errs []time.Duration
		for _, g := range seen {
			if g.How != how {
				continue
			}
			m.Trials++
			if g.Errors == 0 {
				m.Unseen++
			}
			errs = append(errs, g.Error())
		}
		m.MedianMS, m.WorstMS = spread(errs)
		row.Manners = append(row.Manners, m)
	}
	return row
}

// spread is the median of some errors and the one farthest from nothing.
func spread(errs []time.Duration) (median, worst float64) {
	if len(errs) == 0 {
		return 0, 0
	}
	slices.Sort(errs)
	far := errs[0]
	if errs[len(errs)-1].Abs() > far.Abs() {
		far = errs[len(errs)-1]
	}
	return ms(errs[len(errs)/2]), ms(far)
}

func ms(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Microsecond)) / 1000 }

func printCalibration(w io.Writer, rows []calibrated) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprint(t, "PROBE")
	for _, how := range calibrate.Manners() {
		_, _ = fmt.Fprintf(t, "\t%s: MEDIAN / WORST\tUNSEEN", how)
	}
	_, _ = fmt.Fprintln(t, "\tTRUTH IN BRACKET")
	for _, r := range rows {
		_, _ = fmt.Fprint(t, r.Probe)
		for _, m := range r.Manners {
			_, _ = fmt.Fprintf(t, "\t%s / %s\t%d of %d", signed(m.MedianMS), signed(m.WorstMS), m.Unseen, m.Trials)
		}
		within := "-"
		if r.Within > 0 {
			within = fmt.Sprintf("%d of %d", r.Within, r.Trials)
		}
		if r.Stalled > 0 {
			within += fmt.Sprintf(" (%d with a stall of the harness)", r.Stalled)
		}
		_, _ = fmt.Fprintf(t, "\t%s\n", within)
	}
	return t.Flush() // a tabwriter keeps the first error
}

// signed is an error in words, with its sign.
func signed(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	if d >= 0 {
		return "+" + reports.Duration(d, "en")
	}
	return reports.Duration(d, "en")
}
