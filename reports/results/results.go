// Package results writes results.json, the contract of a run for machines. The
// README of reports documents it. What is unknown is null, never zero.
package results

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
)

// Schema is the version of results.json. It grows when a field changes
// its meaning or goes; new fields do not change it.
const Schema = 1

// maxListed bounds the single writes that results.json names of each kind.
const maxListed = 100

// Write renders a run as results.json.
func Write(w io.Writer, r run.Run) error {
	if err := r.Check(); err != nil {
		return err
	}
	out := results{
		Schema: Schema, Generator: r.RenderedBy(),
		Drills:    mapped(r.Drills, newDrill),
		Summaries: mapped(r.Trials(), newSummary),
		Skipped:   mapped(r.Skipped, func(s run.Skipped) run.Skipped { s.Params = present(s.Params); return s }),
		Broken:    mapped(r.Broken, func(b run.Broken) run.Broken { b.Params = present(b.Params); return b }),
		Night:     newNight(r.Night),
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// millis is a time in milliseconds, to the microsecond.
type millis time.Duration

// MarshalJSON writes a number.
func (m millis) MarshalJSON() ([]byte, error) {
	us := time.Duration(m).Round(time.Microsecond) / time.Microsecond
	return strconv.AppendFloat(nil, float64(us)/1000, 'f', -1, 64), nil
}

// known is a time that is known.
func known(d time.Duration) *millis { m := millis(d); return &m }

// when is a time that is known only if it is not nil.
func when(d *time.Duration) *millis {
	if d == nil {
		return nil
	}
	return known(*d)
}

// unlessZero is a time of which zero says that it is not known.
func unlessZero(d time.Duration) *millis {
	if d == 0 {
		return nil
	}
	return known(d)
}

type results struct {
	Schema    int             `json:"schema"`
	Generator string          `json:"generator"`
	Drills    []drillResult   `json:"drills"`
	Summaries []summaryResult `json:"summaries"`
	Skipped   []run.Skipped   `json:"skipped"`
	Broken    []run.Broken    `json:"broken"`
	Night     *nightResult    `json:"night,omitempty"`
}

type drillResult struct {
	Name        string            `json:"name,omitempty"`
	Run         string            `json:"run"`
	Runbook     string            `json:"runbook"`
	Title       record.Text       `json:"title"`
	Source      string            `json:"source,omitempty"`
	Product     string            `json:"product"`
	System      string            `json:"system"`
	StandIn     string            `json:"stand_in"`
	Host        string            `json:"host"`
	Published   string            `json:"published,omitempty"`
	Machine     string            `json:"machine"`
	Harness     string            `json:"harness"`
	Seed        int64             `json:"seed"`
	Trial       int               `json:"trial"`
	Trials      int               `json:"trials"`
	Params      map[string]string `json:"params"`
	Members     []string          `json:"members"`
	Kinds       map[string]string `json:"kinds,omitempty"`
	Versions    map[string]string `json:"versions"`
	Began       time.Time         `json:"began"`
	TookMS      millis            `json:"took_ms"`
	ReadyMS     *millis           `json:"ready_ms"`
	Complete    bool              `json:"complete"`
	Interrupted bool              `json:"interrupted"`
	Error       string            `json:"error,omitempty"`
	Watched     *watchedResult    `json:"watched,omitempty"`
	Promise     promiseResult     `json:"promise"`
	Settings    settingsResult    `json:"settings"`
	Verdict     measure.Verdict   `json:"verdict"`
	Reasons     []reasonResult    `json:"reasons"`
	Downtime    *downtimeResult   `json:"downtime"`
	Steps       []stepResult      `json:"steps"`
	Outages     []outageResult    `json:"outages"`
	Phases      *phasesResult     `json:"phases"`
	Writes      writesResult      `json:"writes"`
	SplitBrain  splitResult       `json:"split_brain"`
	Saved       []savedResult     `json:"saved"`
	Figures     []figureResult    `json:"figures"`
	Lag         []lagResult       `json:"lag"`
	Checks      []checkResult     `json:"checks"`
	Stale       *staleResult      `json:"stale"`
	Reads       []readsResult     `json:"reads,omitempty"`
	Register    *registerResult   `json:"register"`
	Faults      []faultResult     `json:"faults"`
	Probe       probeResult       `json:"probe"`
	Streams     []streamResult    `json:"streams"`
	Roles       []laneResult      `json:"roles"`
	Auxiliaries []auxiliaryResult `json:"auxiliaries,omitempty"`
}

type promiseResult struct {
	RTO *millis `json:"rto_ms"` // nil: nothing of the kind was promised
	RPO *int    `json:"rpo"`
	// SplitBrain says that a split brain is what the drill is about.
	SplitBrain bool `json:"split_brain"`
}

type settingsResult struct {
	Settle   millis `json:"settle_ms"`
	Baseline millis `json:"baseline_ms"`
}

type reasonResult struct {
	Verdict  measure.Verdict `json:"verdict"`
	Code     measure.Code    `json:"code"`
	Sentence string          `json:"sentence"`
	Step     int             `json:"step,omitempty"`
	Detail   string          `json:"detail,omitempty"`
	Line     int             `json:"line,omitempty"`
	Blame    record.Blame    `json:"blame,omitempty"`
}

type bracketResult struct {
	Least millis  `json:"least_ms"`
	Most  *millis `json:"most_ms"`
}

type downtimeResult struct {
	Count int `json:"count"`
	bracketResult
	Longest bracketResult   `json:"longest"`
	Open    bool            `json:"open"`
	Allowed *millis         `json:"allowed_ms,omitempty"`
	Verdict measure.Verdict `json:"verdict,omitempty"`
}

type stepResult struct {
	Number   int             `json:"number"`
	Title    record.Text     `json:"title"`
	Comment  record.Text     `json:"comment,omitempty"`
	Group    *groupResult    `json:"group,omitempty"`
	Blank    bool            `json:"blank,omitempty"`
	Rows     []rowResult     `json:"rows,omitempty"`
	FromMS   *millis         `json:"from_ms"`
	TookMS   *millis         `json:"took_ms"`
	Planned  *millis         `json:"planned_ms"`
	Downtime *downtimeResult `json:"downtime"`
	Expected *expectedResult `json:"expected"`
	Outcome  measure.Outcome `json:"outcome"`
	Error    string          `json:"error,omitempty"`
	Blame    record.Blame    `json:"blame,omitempty"`
	Needless string          `json:"needless,omitempty"`
}

type groupResult struct {
	Title   record.Text `json:"title"`
	Comment record.Text `json:"comment,omitempty"`
}

type rowResult struct {
	Title   record.Text        `json:"title"`
	Comment record.Text        `json:"comment,omitempty"`
	Outcome measure.RowOutcome `json:"outcome"`
}

type outageResult struct {
	Stream string            `json:"stream"`
	Kind   record.StreamKind `json:"kind"`
	FromMS millis            `json:"from_ms"`
	ToMS   *millis           `json:"to_ms"`
	bracketResult
	Open       bool `json:"open"`
	Failed     int  `json:"failed"`
	Relapses   int  `json:"relapses"`
	Unmeasured bool `json:"unmeasured"`
	Step       *int `json:"step"`
}

type phasesResult struct {
	Zero       millis  `json:"zero_ms"`
	FirstError *millis `json:"first_error_ms"`
	Decided    *millis `json:"decided_ms"`
	Observed   bool    `json:"decided_observed,omitempty"`
	Writable   *millis `json:"writable_ms"`
	Served     *millis `json:"served_ms"`
}

type countsResult struct {
	Acked   int `json:"acked"`
	Refused int `json:"refused"`
	Unknown int `json:"unknown"`
}

type writesResult struct {
	countsResult
	Direct         countsResult `json:"direct"`
	Counted        bool         `json:"counted"`
	Authority      string       `json:"authority,omitempty"`
	AppliedUnknown *int         `json:"applied_unknown"`
	Lost           *int         `json:"lost"`
	OldestLost     *millis      `json:"oldest_lost_ms"`
	Phantom        *int         `json:"phantom"`
	Duplicated     *int         `json:"duplicated"`
	Diverged       *int         `json:"diverged"`
	Unsaved        *int         `json:"unsaved"`
	Unread         []string     `json:"unread"`
	Behind         []behind     `json:"behind,omitempty"`
	Tokens         tokensResult `json:"tokens"`
}

type behind struct {
	Member string `json:"member"`
	Writes int    `json:"writes"`
}

type tokensResult struct {
	Lost       []tokenResult `json:"lost"`
	Phantom    []tokenResult `json:"phantom"`
	Duplicated []tokenResult `json:"duplicated"`
	Diverged   []tokenResult `json:"diverged"`
}

type tokenResult struct {
	Token  string  `json:"token"`
	Stream string  `json:"stream"`
	Member string  `json:"member"`
	At     *millis `json:"at_ms"`
	Epoch  *uint32 `json:"epoch"`
}

type splitResult struct {
	Proved      bool          `json:"proved"`
	Tokens      []tokenResult `json:"tokens"`
	Overlap     *millis       `json:"overlap_ms"`
	RoleOverlap millis        `json:"role_overlap_ms"`
}

type staleResult struct {
	Count  int    `json:"count"`
	Oldest millis `json:"oldest_ms"`
}

type readsResult struct {
	Step    *int           `json:"step"`
	FromMS  millis         `json:"from_ms"`
	ToMS    millis         `json:"to_ms"`
	Outage  bool           `json:"outage"`
	By      map[string]int `json:"by"`
	Unnamed int            `json:"unnamed"`
	Failed  int            `json:"failed"`
}

type faultResult struct {
	What        string  `json:"what"`
	Mechanism   string  `json:"mechanism"`
	Injected    *millis `json:"injected_ms"`
	Confirmed   *millis `json:"confirmed_ms"`
	ConfirmedBy string  `json:"confirmed_by,omitempty"`
	HeldBy      string  `json:"held_by,omitempty"`
	Lapsed      bool    `json:"lapsed,omitempty"`
	Healed      *millis `json:"healed_ms"`
	HealedBy    string  `json:"healed_by,omitempty"`
	Error       string  `json:"error,omitempty"`
}

type probeResult struct {
	Rate    *float64 `json:"rate"`
	Error   *millis  `json:"error_ms"`
	Stalls  int      `json:"stalls"`
	Stalled millis   `json:"stalled_ms"`
	// Disturbed says that the harness stood still for more than 2 % of the drill.
	Disturbed bool `json:"disturbed"`

	Calibration []calibrationResult `json:"calibration"`
}

type calibrationResult struct {
	How   string `json:"how"`
	Truth millis `json:"truth_ms"`
	Least millis `json:"least_ms"`
	Most  millis `json:"most_ms"`
	Seen  bool   `json:"seen"`
}

type streamResult struct {
	Name     string            `json:"name"`
	Kind     record.StreamKind `json:"kind"`
	Member   string            `json:"member,omitempty"`
	Interval millis            `json:"interval_ms"`
	Connect  millis            `json:"connect_ms"`
	Reply    millis            `json:"reply_ms"`
	Sessions int               `json:"sessions"`
	Rate     float64           `json:"rate"`
	countsResult
	P50      *millis `json:"p50_ms"`
	P99      *millis `json:"p99_ms"`
	Max      *millis `json:"max_ms"`
	Healthy  *millis `json:"healthy_p99_ms"`
	Lateness millis  `json:"lateness_p99_ms"`
}

type auxiliaryResult struct {
	Name      string        `json:"name"`
	Duty      string        `json:"duty"`
	Redundant bool          `json:"redundant"`
	Spans     []stateResult `json:"spans"`
}

type stateResult struct {
	State string `json:"state"`
	From  millis `json:"from_ms"`
	To    millis `json:"to_ms"`
	Fault string `json:"fault,omitempty"`
}

type laneResult struct {
	Member string       `json:"member"`
	Spans  []roleResult `json:"spans"`
}

type roleResult struct {
	Role string `json:"role"`
	From millis `json:"from_ms"`
	To   millis `json:"to_ms"`
}

type summaryResult struct {
	Runbook      string                 `json:"runbook"`
	Product      string                 `json:"product"`
	Host         string                 `json:"host"`
	Published    string                 `json:"published,omitempty"`
	StandIn      string                 `json:"stand_in"`
	Params       map[string]string      `json:"params"`
	Promise      promiseResult          `json:"promise"`
	Verdict      measure.Verdict        `json:"verdict"`
	Trials       int                    `json:"trials"`
	Met          int                    `json:"met"`
	Missed       int                    `json:"missed"`
	Unmeasurable int                    `json:"unmeasurable"`
	Measured     int                    `json:"measured"`
	Open         int                    `json:"open"`
	Downtime     rankResult             `json:"downtime_ms"`
	Median       *medianResult          `json:"median"`
	Kept         float64                `json:"kept_at_least"`
	Expected     []expectedTrialsResult `json:"expected"`
	Counted      int                    `json:"counted"`
	Lost         *int                   `json:"lost"`
	LostLeast    int                    `json:"lost_least"`
}

type rankResult struct {
	P50      *millis `json:"p50"`
	P95      *millis `json:"p95"`
	Max      *millis `json:"max"`
	P50Least *millis `json:"p50_least"`
	P95Least *millis `json:"p95_least"`
	MaxLeast *millis `json:"max_least"`
}

type medianResult struct {
	bracketResult
	Coverage float64 `json:"coverage"`
}
