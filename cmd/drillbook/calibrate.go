package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"drillbook/harness/calibrate"
	"drillbook/harness/probe"
	"drillbook/reports/words"
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

func calibrateCommand(w words.Words) *cobra.Command {
	var asJSON, alone bool
	var trials int
	var seed uint64
	var rates []float64
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: w.Say("short.calibrate"),
		Long:  w.Say("long.calibrate"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if trials < 1 {
				return usage(failure(w, nil, "error.trials", "trials", strconv.Itoa(trials)))
			}
			for _, rate := range rates {
				if rate < 1 || rate > probe.MaxRate {
					return usage(failure(w, nil, "error.rates", "rate", number(rate),
						"most", strconv.Itoa(probe.MaxRate)))
				}
			}
			progress := io.Discard
			if f, ok := terminal(cmd.ErrOrStderr()); ok {
				progress = f
			}
			in := w
			if asJSON {
				in = forMachines(cmd, w)
			}
			rows, err := calibrateAll(cmd.Context(), rates, trials, seed, alone, progress, in)
			if err != nil {
				return environment(err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printCalibration(cmd.OutOrStdout(), rows, w)
		},
	}
	cmd.Flags().IntVar(&trials, "trials", 10, w.Say("flag.calibrate.trials"))
	cmd.Flags().Float64SliceVar(&rates, "rates", []float64{100, 200, 500}, w.Say("flag.calibrate.rates"))
	cmd.Flags().BoolVar(&alone, "alone", false, w.Say("flag.calibrate.alone"))
	cmd.Flags().Uint64Var(&seed, "seed", 1, w.Say("flag.calibrate.seed"))
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	return cmd
}

// calibrateAll runs the closed loops, all at once since they wait most of the time,
// and then our probes one after the other, so that nothing disturbs them.
func calibrateAll(
	ctx context.Context, rates []float64, trials int, seed uint64, alone bool, progress io.Writer,
	w words.Words,
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
			_, _ = io.WriteString(progress, w.Say("calibrate.progress", "rate", number(rate),
				"n", strconv.Itoa(played), "of", strconv.Itoa(len(outages))))
		})
		_, _ = fmt.Fprint(progress, "\r\033[K")
		if err != nil {
			return nil, err
		}
		rows = append(rows, ofTrials(w.Say("calibrate.own", "rate", number(rate)), done))
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

func printCalibration(out io.Writer, rows []calibrated, w words.Words) error {
	head := make([]string, 0, 2+2*len(calibrate.OutageKinds()))
	head = append(head, w.Say("calibrate.probe"))
	for _, how := range calibrate.OutageKinds() {
		head = append(head, w.Say("calibrate.kind", "kind", kindOf(how, w)), w.Say("calibrate.unseen"))
	}
	lines := make([][]string, 0, 1+len(rows))
	lines = append(lines, append(head, w.Say("calibrate.within")))
	for _, r := range rows {
		lines = append(lines, r.line(w))
	}
	if err := printColumns(out, lines); err != nil {
		return err
	}
	for _, r := range rows {
		for _, remark := range r.remarks(w) {
			if _, err := fmt.Fprintln(out, remark); err != nil {
				return err
			}
		}
	}
	return nil
}

// line is the row of a probe in the table.
func (r calibrated) line(w words.Words) []string {
	of := func(n, all int) string {
		return w.Say("calibrate.of", "n", strconv.Itoa(n), "of", strconv.Itoa(all))
	}
	cells := []string{r.Probe}
	for _, m := range r.Kinds {
		errs := "–"
		if m.Measured > 0 {
			errs = signed(m.MedianMS, w) + " / " + signed(m.WorstMS, w)
		}
		cells = append(cells, errs, of(m.Unseen, m.Trials))
	}
	within := "-"
	if r.Within != nil {
		within = of(*r.Within, r.Trials)
	}
	if r.Stalled > 0 {
		within = w.Say("calibrate.stalled", "within", within, "count", strconv.Itoa(r.Stalled))
	}
	return append(cells, within)
}

// remarks are what the table has no column for: how far a probe was off where the
// harness did not stand still, and what its brackets did not hold.
func (r calibrated) remarks(w words.Words) []string {
	var all []string
	if r.Stalled > 0 && r.Stalled < r.Trials {
		worst := make([]string, 0, len(r.Kinds))
		for _, m := range r.Kinds {
			if m.SteadyMS != nil {
				worst = append(worst, kindOf(m.Kind, w)+" "+signed(*m.SteadyMS, w))
			}
		}
		all = append(all, w.Say("calibrate.steady", "probe", r.Probe, "worst", w.List(worst)))
	}
	if r.WidthMS > 0 {
		width := strconv.FormatFloat(r.WidthMS, 'f', 2, 64)
		all = append(all, w.Say("calibrate.width", "probe", r.Probe, "width", width))
	}
	for _, o := range r.Outside {
		exact := func(ms float64) string { return strconv.FormatFloat(ms, 'f', 3, 64) }
		all = append(all, w.Say("calibrate.outside", "probe", r.Probe, "kind", kindOf(o.Kind, w),
			"truth", exact(o.TruthMS), "least", exact(o.LeastMS), "most", exact(o.MostMS)))
	}
	return all
}

// kindOf names a kind of outage.
func kindOf(k calibrate.OutageKind, w words.Words) string { return w.Say("probe.how." + string(k)) }

// number writes a number as short as it is exact.
func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// signed is an error in words, with its sign.
func signed(ms float64, w words.Words) string {
	d := time.Duration(ms * float64(time.Millisecond))
	if d >= 0 {
		return "+" + w.Duration(d)
	}
	return w.Duration(d)
}
