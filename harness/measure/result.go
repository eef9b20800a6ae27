// Package measure turns the record of a drill into figures. It is pure: the
// same record gives the same result, wherever and whenever it is measured.
//
// What is not certain is said as a range. A [Bracket] holds the true value as
// far as the harness could see; its width is the harness' own doubt.
package measure

import (
	"time"

	"drillbook/harness/record"
)

// Verdict is what may be said of a promise.
type Verdict string

// The verdicts. The zero Verdict is none of them.
const (
	Met          Verdict = "met"
	Missed       Verdict = "missed"
	Unmeasurable Verdict = "unmeasurable"
	// Unjudged is that of what was measured without a promise to judge it by.
	Unjudged Verdict = "unjudged"
)

// Result is all that is measured of one drill.
type Result struct {
	Verdict  Verdict
	Reasons  []Reason // why the verdict is not Met; the heaviest first
	Unfit    bool     // nothing may be concluded from the drill, not even from its figures
	Took     time.Duration
	Steps    []Step
	Outages  []Outage // of the clients' streams, by stream, then by time
	Downtime Downtime
	Phases   Phases
	Writes   Writes
	Split    Split
	Saved    []Saved // what was saved before members were rewound
	// Unsaved counts the lost writes that are in no saved file either. It means
	// nothing unless Writes.Counted.
	Unsaved int
	Figures []Figure // what steps measured of the cluster, in their order
	Lags    []Lag    // of the members that were watched
	Stale   Stale
	Reads   []Reads // by whom they were answered; nil if no answer tells
	// Brownouts are of clients' writes.
	Brownouts []Brownout
	Faults    []Fault
	Lanes     []Lane
	// Auxiliaries are the nodes that the cluster needs besides its members.
	Auxiliaries []Auxiliary
	Streams     []Stream
	Ready       time.Duration // how long the cluster took to start
	// Error is the error of the probe of clients' writes: the ends of an outage
	// are not known more exactly than this.
	Error time.Duration
	// Calibrations are outages of known length that the probe measured before
	// the drill. Error is at least as great as the worst of them.
	Calibrations []Calibration
	// Consents are what people were asked before steps, in order.
	Consents []Consent
	// Stalls are spans in which the harness itself stood still.
	Stalls []Span
	// Overloads are of clients' writes.
	Overloads []Overload
}

// disturbedFrom is the share of a drill from which on the harness has stood still for too
// long: its verdict holds, and its figures are not worth comparing.
const disturbedFrom = 0.02

// StoodStill is for how long the harness stood still.
func (r *Result) StoodStill() time.Duration {
	still := time.Duration(0)
	for _, s := range r.Stalls {
		still += s.To - s.From
	}
	return still
}

// Disturbed reports whether the harness stood still for more than 2 % of the drill.
func (r *Result) Disturbed() bool {
	return float64(r.StoodStill()) > disturbedFrom*float64(r.Took)
}

// Bracket says that something lasted at least and at most so long.
type Bracket struct {
	Least, Most time.Duration
}

// Span is a stretch of the drill.
type Span struct {
	From, To time.Duration
}

// Overload is a time in which clients may have been kept out by the probe itself:
// it made Rate writes a second where Usual are, and Member took what was sent
// straight to it.
type Overload struct {
	Span

	Member      string
	Rate, Usual int
}

// Outage is a time in which a stream was not served.
type Outage struct {
	Stream int // index into the head's streams
	// From is when the stream was last served before, To when it was first
	// served for good again. By Began it had certainly begun.
	From, Began, To time.Duration
	Bracket
	// Open says that service had not come back for good when the drill
	// ended: the outage is at least Least, and nothing is known of its end.
	Open     bool
	Failed   int // attempts that failed in it, also those that may have failed because of the harness
	Expired  int // of those, the ones that ended by their deadlines and not by an answer
	Relapses int // times that service came back and failed again
	// Unmeasured says that the harness itself stood still meanwhile and that
	// nothing else failed: there may have been no outage at all.
	Unmeasured bool
	Step       int // in which it began; 0: in none
}

// Downtime sums up the outages of clients' writes.
type Downtime struct {
	Count int
	// Longest is the length of the longest of them. An open one may have become the
	// longest, however short it was so far.
	Longest Range
	Main    Outage // the one that certainly lasted longest; zero if there was none
	Total   Bracket
	Open    bool // one of them is open
}

// Outcome is how a step ended.
type Outcome string

// The outcomes of a step.
const (
	Passed      Outcome = "passed"
	Failed      Outcome = "failed"
	Skipped     Outcome = "skipped" // not reached
	Interrupted Outcome = "interrupted"
	NotNeeded   Outcome = "not-needed" // it had nothing to do, and says why in Step.Needless
)

// Completed reports whether a step with the outcome came to its end as it should.
func (o Outcome) Completed() bool { return o == Passed || o == NotNeeded }

// Step is one step of the runbook as it was carried out.
type Step struct {
	record.Step
	From, Took time.Duration
	Outcome    Outcome
	Err        string
	Blame      record.Blame // for Err
	Needless   string       // why there was nothing to do in it
	Downtime   Downtime     // of clients' writes, of outages that began in it
	Verdict    Verdict      // of the downtime against what is allowed; "" where nothing is
	Expected   *Expected
	Answers    []Row  // the rows of the form, as they were answered; empty if the step itself is the row
	decisive   Reason // for the verdict
	accepted   bool   // it failed because the product did what it must refuse
}

// Expected is the outage that the cluster's own settings predict for an event. It is no
// promise; reports show it beside what was measured.
type Expected struct {
	Event string
	Most  time.Duration
	Sum   string // the settings that it is the sum of
}

// Phases are the moments of a change of primary, as offsets from Zero. A nil
// moment was not seen.
type Phases struct {
	// Zero is when the fault was confirmed, or the change decided if there was no fault
	// before it. Of what was watched it is the last mark before the outage (Marked), or
	// else the last answer (LastAnswer).
	Zero               time.Duration
	Marked, LastAnswer bool
	FirstError         *time.Duration
	// Decided is when the change was ordered or, if nobody ordered it, when the
	// observer first saw the new primary say that it is one.
	Decided *time.Duration
	// Observed says that no order of the change is recorded: the cluster made it, or
	// people did who were watched.
	Observed bool
	Writable *time.Duration // the new primary first acknowledged a write that was sent straight to it
	Served   *time.Duration // first acknowledgement for good on the clients' path
}

// Token is a write that something happened to.
type Token struct {
	Stream int
	Seq    uint32
	Member string        // which acknowledged or held it
	At     time.Duration // when it was acknowledged; 0 if it was not
	Epoch  uint32
}

// Writes is the outcome of the writes of all streams.
type Writes struct {
	Acked, Refused, Unknown int // of the clients' streams
	Direct                  Counts
	// Counted says that the surviving primary could be read, and that no member
	// that could not be read may be it. Without it the rest is unknown, not zero.
	Counted        bool
	Authority      string // the member whose copy counts
	AppliedUnknown int    // unknown to the client, but stored
	Lost           []Token
	// OldestLost is the age of the oldest lost write when service ended: how long
	// before that it had been acknowledged.
	OldestLost time.Duration
	Phantom    []Token // stored although refused, or never sent
	Duplicated []Token // stored more than once
	Diverged   []Token // held by some members and not by others
	// Unread are members whose copy could not be read or had not caught up.
	Unread []string
	// Behind are those that need not have caught up and had not. They are not among
	// Unread: what they hold is compared.
	Behind []Behind
}

// Counts are attempts by outcome.
type Counts struct {
	Acked, Refused, Unknown int
}

// Split is the evidence of a split brain: two members acknowledged writes at
// the same time.
type Split struct {
	Proved  bool
	First   Token // by the member that had taken over
	Second  Token // acknowledged after it by another member
	Overlap time.Duration
	// RoleOverlap is how long two members called themselves primary. It
	// proves nothing.
	RoleOverlap time.Duration
}

// Stale is about reads that did not show what had been acknowledged before
// they were sent.
type Stale struct {
	Count  int
	Oldest time.Duration // the greatest age of what was not shown
	Reads  []Token       // which they were
}

// Brownout is a time in which more answers came late than in time.
type Brownout struct {
	Span // from the first late answer that was asked for to the last
	Bracket
	Late int // answers
	// Limit is the latency above which an answer is late.
	Limit time.Duration
}

// Fault is a fault that was injected.
type Fault struct {
	What, Mechanism string
	Injected        time.Duration
	Confirmed       *time.Duration
	ConfirmedBy     string
	Healed          *time.Duration
	HealedBy        string // evidence; "" if healing was not confirmed
	HeldBy          string // evidence, right before it was healed, that it still held
	// Lapsed says that there was no such evidence. If neither is set, the fault is an
	// event, or the harness did not look.
	Lapsed      bool
	Err         string
	healTriedAt *time.Duration // when healing was tried first
}

// Calibration is an outage of known length that the probe measured.
type Calibration struct {
	How   string
	Truth time.Duration
	Bracket
	Unseen bool // the probe saw nothing of it, or not its end
}

// Error is the distance of the middle of the bracket from the truth.
func (c Calibration) Error() time.Duration { return ((c.Least+c.Most)/2 - c.Truth).Abs() }

// Lane is the roles of a member over time.
type Lane struct {
	Member string
	Roles  []RoleSpan
}

// RoleSpan is a time in which a member stated the same role.
type RoleSpan struct {
	Span
	Said time.Duration // when it last stated it; its role between Said and To is unknown
	Role string        // "" while it did not answer
}

// Stream is how a stream fared.
type Stream struct {
	record.Stream
	Counts
	Rate          float64 // attempts per second that left
	P50, P99, Max time.Duration
	Healthy       time.Duration // p99 of the latency before the first disturbance
	Lateness      time.Duration // p99 of how late attempts left
	Unseen        time.Duration // outages up to this length may have been missed
}

// Consent is a question to a person before a step. The time in between is a phase of its
// own: clients that are out wait for that person too.
type Consent struct {
	Step            int
	Asked, Answered time.Duration
	By, Answer, Err string // Err: why it is no consent
}

// Code is the code of a reason for a verdict.
type Code string

// The reasons. Which fields of [Reason] each one fills is said beside it.
const (
	RTOMissed       Code = "rto-missed"       // Bracket, Limit; Age: how much of Least is not blamed on the service
	RTOOpen         Code = "rto-open"         // the same
	RTOUnclear      Code = "rto-unclear"      // the same
	RPOMissed       Code = "rpo-missed"       // Count, Limit as Most, Age
	RPOUnknown      Code = "rpo-unknown"      // -: there is no copy of what is certainly the only primary
	CopyMissing     Code = "copy-missing"     // Detail: the members without a copy that had caught up
	StepMissed      Code = "step-missed"      // Step, and as of rto-missed
	StepFailed      Code = "step-failed"      // Step, Detail, Blame
	StepUnclear     Code = "step-unclear"     // the same
	StepUndone      Code = "step-undone"      // Step
	RowsUnanswered  Code = "rows-unanswered"  // Step, Count: its rows of the form that no check answered
	WrongPrimary    Code = "wrong-primary"    // Age: when it was ordered; Detail: of whom, and who it became
	SplitBrain      Code = "split-brain"      // Detail
	SplitMissing    Code = "split-missing"    // -: one is what the drill is about
	SplitUnsaved    Code = "split-unsaved"    // Count: lost and not saved, of which at most Most may be
	StaleReads      Code = "stale-reads"      // Count, Age
	BrownOut        Code = "brown-out"        // Bracket, Limit
	PhantomWrites   Code = "phantom-writes"   // Count
	DuplicateWrites Code = "duplicate-writes" // Count
	DivergedCopies  Code = "diverged-copies"  // Count
	ProbeInaccurate Code = "probe-inaccurate" // Age: how far off; Limit: what is allowed; Detail: the kind of outage
	ProbeBlind      Code = "probe-blind"      // Age: how long the outage was that was not seen; Detail: its kind
	BaselineShort   Code = "baseline-short"   // Age: how long before the first disturbance; Limit: what is needed
	BaselineFailed  Code = "baseline-failed"  // Age: when a write failed before the first disturbance
	BaselineSlow    Code = "baseline-slow"    // Count of Most writes acknowledged in the Limit before it
	FaultNotHeld    Code = "fault-not-held"   // Detail: the fault
	FaultLapsed     Code = "fault-lapsed"     // Detail: the fault
	NotHealed       Code = "not-healed"       // Detail: the fault
	RecordCut       Code = "record-cut"       // Age: how far it goes; Line, if it is known
	RecordDamaged   Code = "record-damaged"   // Age: how far it goes; Line, Detail
	Unreadable      Code = "unreadable"       // Detail: not even the record's head can be read
	JournalFailed   Code = "journal-failed"   // Detail
	WasInterrupted  Code = "interrupted"      // -
	Failure         Code = "failure"          // Detail, Blame
	NoWrites        Code = "no-writes"        // -
	HarnessPaused   Code = "harness-paused"   // Age: how long it stood still in the outage of the Bracket; Limit
	AuxiliaryLost   Code = "auxiliary-lost"   // Age: when a node was seen not to run; Detail: which one
	ProbeOverload   Code = "probe-overload"   // Count writes a second where Most are usual, Age, Detail: the member
)

// Reason is why a verdict is not Met.
type Reason struct {
	Verdict Verdict
	Code    Code
	Step    int
	Bracket Bracket
	Open    bool // of the bracket: there is no Most
	Limit   time.Duration
	Most    int
	Count   int
	Age     time.Duration
	Detail  string
	Line    int          // of the record
	Blame   record.Blame // who answers for it, of StepFailed and Failure
}
