package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

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

// calibrated is one row of the table: the open loop of drillbook, or a closed loop.
type calibrated struct {
	Probe   string    `json:"probe"`
	Kinds   []calKind `json:"manners"`
	Within  *int      `json:"within,omitempty"` // trials whose bracket holds the truth; nil: it prints no bracket
	Trials  int       `json:"trials"`
	Stalled int       `json:"stalled,omitempty"` // trials in which the harness itself stood still
	// WidthMS is the median width of the brackets of trials without a stall.
	WidthMS float64      `json:"width_median_ms,omitempty"`
	Outside []calOutside `json:"outside,omitempty"` // trials whose bracket does not hold the truth
}

// calOutside is an outage whose length lay outside the bracket.
type calOutside struct {
	Kind    calibrate.OutageKind `json:"how"`
	TruthMS float64              `json:"truth_ms"`
	LeastMS float64              `json:"least_ms"`
	MostMS  float64              `json:"most_ms"`
}

func (o calOutside) String() string {
	return fmt.Sprintf("a %s of %.3f ms measured as %.3f to %.3f ms", o.Kind, o.TruthMS, o.LeastMS, o.MostMS)
}

// calKind is what was measured of one kind of outage.
type calKind struct {
	Kind     calibrate.OutageKind `json:"how"`
	MedianMS float64              `json:"error_median_ms"` // of those measured
	WorstMS  float64              `json:"error_worst_ms"`
	// SteadyMS is the same of trials in which the harness did not stand still; nil: there was none.
	SteadyMS *float64 `json:"error_worst_steady_ms,omitempty"`
	Measured int      `json:"measured"`
	Unseen   int      `json:"unseen"` // outages in which nothing failed, or that were not found
	Trials   int      `json:"trials"`
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
a server of our own, and print how far the probe is off, below what others use, in the
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
			if f, ok := terminal(cmd.ErrOrStderr()); ok {
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
	cmd.Flags().IntVar(&trials, "trials", 10, "outages of each kind and rate")
	cmd.Flags().Float64SliceVar(&rates, "rates", []float64{100, 200, 500}, "attempts a second of our probe")
	cmd.Flags().BoolVar(&alone, "alone", false, "leave out what others use")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the outages' lengths")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// calibrateAll runs the closed loops, all at once since they wait most of the time,
// and then our probes one after the other, so that nothing disturbs them.
func calibrateAll(
	ctx context.Context, rates []float64, trials int, seed uint64, alone bool, progress io.Writer,
) ([]calibrated, error) {
	var work sync.WaitGroup
	loops := calibrate.ClosedLoops()
	if alone {
		loops = nil
	}
	rows := make([]calibrated, len(loops), len(loops)+len(rates))
	errs := make([]error, len(loops))
	for i, l := range loops {
		work.Go(func() {
			seen, err := calibrate.RunClosedLoop(ctx, l, lengths(10, seed, visible))
			rows[i], errs[i] = ofObservations(l.Name, seen), err
		})
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, rate := range rates {
		s := calibrate.Settings{
			Rate: rate, Connect: 100 * time.Millisecond, Reply: 250 * time.Millisecond, Baseline: time.Second,
		}
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
	return rows, nil
}

// lengths are outages of every kind. Their lengths are spread evenly over the orders
// of magnitude.
func lengths(each int, seed uint64, least time.Duration) []calibrate.Outage {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it must be possible to repeat it
	all := make([]calibrate.Outage, 0, each*len(calibrate.OutageKinds()))
	for range each {
		for _, how := range calibrate.OutageKinds() {
			ratio := math.Pow(float64(longest)/float64(least), r.Float64())
			all = append(all, calibrate.Outage{Kind: how, Length: time.Duration(float64(least) * ratio)})
		}
	}
	return all
}

func ofTrials(name string, trials []calibrate.Trial) calibrated {
	played := make([]trialError, len(trials))
	row := calibrated{Probe: name, Trials: len(trials)}
	within := 0
	var widths []time.Duration
	for i, t := range trials {
		played[i] = trialError{kind: t.Kind, err: t.Error(), unseen: !t.Seen, unmeasured: !t.Seen, stalled: t.Stalled}
		if t.Seen && !t.Stalled {
			widths = append(widths, t.Measured.Most-t.Measured.Least)
		}
		if t.Holds() {
			within++
		} else {
			row.Outside = append(row.Outside,
				calOutside{t.Kind, ms(t.Truth), ms(t.Measured.Least), ms(t.Measured.Most)})
		}
		if t.Stalled {
			row.Stalled++
		}
	}
	row.Kinds, row.Within = byKind(played), &within
	row.WidthMS, _ = spread(widths)
	return row
}

func ofObservations(name string, seen []calibrate.Observation) calibrated {
	played := make([]trialError, len(seen))
	for i, g := range seen {
		played[i] = trialError{kind: g.Kind, err: g.Error(), unseen: g.Errors == 0}
	}
	return calibrated{Probe: name, Kinds: byKind(played), Trials: len(seen)}
}

// trialError is one outage and how far a probe was off.
type trialError struct {
	kind       calibrate.OutageKind
	err        time.Duration
	unseen     bool
	unmeasured bool // its error counts for nothing
	stalled    bool // the harness stood still meanwhile
}

func byKind(played []trialError) []calKind {
	rows := make([]calKind, 0, len(calibrate.OutageKinds()))
	for _, how := range calibrate.OutageKinds() {
		m := calKind{Kind: how}
		var errs, steady []time.Duration
		for _, o := range played {
			if o.kind != how {
				continue
			}
			m.Trials++
			if o.unseen {
				m.Unseen++
			}
			if !o.unmeasured {
				errs = append(errs, o.err)
			}
			if !o.unmeasured && !o.stalled {
				steady = append(steady, o.err)
			}
		}
		m.Measured = len(errs)
		m.MedianMS, m.WorstMS = spread(errs)
		if _, worst := spread(steady); len(steady) > 0 {
			m.SteadyMS = &worst
		}
		rows = append(rows, m)
	}
	return rows
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
	for _, how := range calibrate.OutageKinds() {
		_, _ = fmt.Fprintf(t, "\t%s: MEDIAN / WORST\tUNSEEN", how)
	}
	_, _ = fmt.Fprintln(t, "\tTRUTH IN BRACKET")
	for _, r := range rows {
		_, _ = fmt.Fprint(t, r.Probe)
		for _, m := range r.Kinds {
			errs := "–"
			if m.Measured > 0 {
				errs = signed(m.MedianMS) + " / " + signed(m.WorstMS)
			}
			_, _ = fmt.Fprintf(t, "\t%s\t%d of %d", errs, m.Unseen, m.Trials)
		}
		within := "-"
		if r.Within != nil {
			within = fmt.Sprintf("%d of %d", *r.Within, r.Trials)
		}
		if r.Stalled > 0 {
			within += fmt.Sprintf(" (%d with a stall of the harness)", r.Stalled)
		}
		_, _ = fmt.Fprintf(t, "\t%s\n", within)
	}
	if err := t.Flush(); err != nil { // a tabwriter keeps the first error
		return err
	}
	for _, r := range rows {
		if r.Stalled > 0 && r.Stalled < r.Trials {
			if err := printSteady(w, r); err != nil {
				return err
			}
		}
		if r.WidthMS > 0 {
			_, err := fmt.Fprintf(w, "%s: median width of the bracket without a stall: %.2f ms\n", r.Probe, r.WidthMS)
			if err != nil {
				return err
			}
		}
		for _, o := range r.Outside {
			if _, err := fmt.Fprintf(w, "%s: truth outside the bracket: %s\n", r.Probe, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// printSteady says how far a probe was off where the harness did not stand still.
func printSteady(w io.Writer, r calibrated) error {
	worst := make([]string, 0, len(r.Kinds))
	for _, m := range r.Kinds {
		if m.SteadyMS != nil {
			worst = append(worst, fmt.Sprintf("%s %s", m.Kind, signed(*m.SteadyMS)))
		}
	}
	_, err := fmt.Fprintf(w, "%s: worst without a stall: %s\n", r.Probe, strings.Join(worst, ", "))
	return err
}

// signed is an error in words, with its sign.
func signed(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	if d >= 0 {
		return "+" + reports.Duration(d, "en")
	}
	return reports.Duration(d, "en")
}
