// Package record is what a drill leaves behind: plain data, nothing judged.
//
// While a drill runs, its record is written line by line to a journal
// ([Writer]), so that a killed harness loses no more than the last fraction of
// a second; [Read] gives the record back, whole or as far as it got. Everything
// that is said of a drill afterwards is a pure function of its record.
//
// All times are offsets from [Head.Began] on the monotonic clock of the
// harness. The clock of another machine is never used.
package record

import (
	"time"

	"drillbook/harness/phrase"
)

// Schema is the version of the record that this package writes. It reads
// every version up to its own. Version 2 says who is to blame for an error
// ([Blame]), and its lines know which ones came before them. Version 3 has
// auxiliary nodes, and kinds of members. Version 4 has [Record.Phrases],
// and says who consented to a step and when.
const Schema = 4

// Record is one drill.
type Record struct {
	Head     Head
	Events   []Event   // in order of At
	Attempts []Attempt // in the order in which they ended
	Causes   []string  // what [Attempt.Cause] points to; the first is empty
	Copies   []Copy    // what members held
	Logs     []Log     // what nodes and products wrote into their logs, of schema 4 at the earliest
	// Phrases are how texts of the record can be said in other languages, by their
	// English text: those of events, of the head and of the tail. What is not among them
	// was said by others, or the record is of a version before 4.
	Phrases map[string]phrase.Phrase
	Tail    *Tail // nil if the harness was ended before it could write it
	// Flaw, if set, is where what was read is not what was written: nothing
	// behind it is in the record.
	Flaw *CorruptError
}

// Head is what is known before the drill begins.
type Head struct {
	Schema  int    `json:"schema"`
	Run     string `json:"run"` // unique; part of every token
	Runbook string `json:"runbook"`
	Title   Text   `json:"title"`
	Source  string `json:"source,omitempty"` // where the procedure comes from, in English
	Product string `json:"product"`
	System  string `json:"system"` // product and version, for people
	StandIn string `json:"stand_in,omitempty"`
	Host    string `json:"host"`
	Harness string `json:"harness"` // version of drillbook
	Machine string `json:"machine"` // system, processors
	// Stays names the machines of a cluster that was there before the drill and stays.
	Stays   string            `json:"stays,omitempty"`
	Seed    int64             `json:"seed,omitempty"` // of schema 1, where it changed nothing; no longer written
	Trial   int               `json:"trial"`          // from 1
	Trials  int               `json:"trials"`
	Params  map[string]string `json:"params,omitempty"`
	Promise Promise           `json:"promise"`
	Steps   []Step            `json:"steps"`
	Members []string          `json:"members"`
	// Kinds says, by name, what members are there for, as drivers say it. Witnesses hold
	// no data; of who is not in it nothing was said.
	Kinds map[string]string `json:"kinds,omitempty"`
	// Auxiliaries are the nodes that the cluster needs besides its members.
	Auxiliaries []Auxiliary `json:"auxiliaries,omitempty"`
	Streams     []Stream    `json:"streams"`
	// Sources is the same as Source by language; older records have only that.
	Sources  Text      `json:"sources,omitempty"`
	Began    time.Time `json:"began"`
	Settings Settings  `json:"settings"`
	// Operator is who has carried the drill out, and was asked before steps; older records
	// do not say it.
	Operator string `json:"operator,omitempty"`
	// Zone is the local time zone of the machine: what Began is for the people there.
	Zone string `json:"zone,omitempty"`
	// Sums are the SHA-256 of the text of the runbook that was carried out, by language.
	Sums map[string]string `json:"sums,omitempty"`
	// Revision is the commit that the harness was built from; Modified says that there
	// were changes beside it.
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	// Published is where the harness dialled ports that the host publishes,
	// empty if it dialled the members themselves.
	Published string `json:"published,omitempty"`
	// Watched says that people acted, on a cluster of their own, and drillbook only
	// measured; nil: it was a drill.
	Watched *Watched `json:"watched,omitempty"`
}

// Watched is how a cluster was watched that drillbook did not make. Its members are
// named by the addresses at which they were watched.
type Watched struct {
	By    string `json:"by"`    // who watched
	Login string `json:"login"` // user, database and encryption of the sessions
	// ReadOnly says that nothing was written: of writes nothing is known.
	ReadOnly bool `json:"read_only,omitempty"`
}

// Auxiliary is a node that a cluster needs besides its members.
type Auxiliary struct {
	Name string `json:"name"`
	Duty string `json:"duty"` // what it is for
	// Redundant says that the product promises service without it.
	Redundant bool `json:"redundant,omitempty"`
}

// Text is the same words in several languages, by language code.
type Text map[string]string

// In returns the words in a language, else in English.
func (t Text) In(lang string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	return t["en"]
}

// Promise is what the runbook promises to clients.
type Promise struct {
	RTO time.Duration `json:"rto"` // no outage of writes is longer
	RPO int           `json:"rpo"` // no more acknowledged writes are lost
	// SplitBrain says that a split brain is what the drill is about: one must be
	// proved, and what the losing side acknowledged counts as lost only if it
	// was not saved before that side was wound back.
	SplitBrain bool `json:"split_brain,omitempty"`
	// StaleReads says that reads may be stale, since the drill leaves a member
	// alive that was deposed: they are counted, and break no promise.
	StaleReads bool `json:"stale_reads,omitempty"`
	// NoRTO and NoRPO say that nobody has promised anything of the kind, so that
	// nothing is judged by it.
	NoRTO bool `json:"no_rto,omitempty"`
	NoRPO bool `json:"no_rpo,omitempty"`
}

// Step is one step of the runbook.
type Step struct {
	Number  int            `json:"number"`
	Title   Text           `json:"title"`
	Comment Text           `json:"comment,omitempty"`
	Planned *time.Duration `json:"planned,omitempty"` // how long people plan for it; nil: nothing was planned
	Allowed *time.Duration `json:"allowed,omitempty"` // outage that may begin in it
	// Group is the heading that the form has above the step, if one stands there.
	Group *Group `json:"group,omitempty"`
	// Rows are those of the form that the step answers. Without any, the step itself
	// is the row.
	Rows []Row `json:"rows,omitempty"`
	// Blank says that the form has a row for the step, but no words in it.
	Blank bool `json:"blank,omitempty"`
}

// Group is a heading of the form over several steps.
type Group struct {
	Title   Text `json:"title"`
	Comment Text `json:"comment,omitempty"`
}

// Row is a row of the form that a step with several answers.
type Row struct {
	Title   Text `json:"title"`
	Comment Text `json:"comment,omitempty"`
}

// Settings are the rules by which the record is to be measured. They stand in
// the record so that measuring it again gives the same.
type Settings struct {
	// Settle is how long service must be clean before an outage is over.
	Settle time.Duration `json:"settle"`
	// Baseline is how long service must have been clean before the first
	// fault or change of roles.
	Baseline time.Duration `json:"baseline"`
	// Usual is the interval of the clients' writes at which the product is known
	// to serve them, whatever else was asked for; 0, in an older record: 5 ms.
	Usual time.Duration `json:"usual,omitempty"`
	// Bound is the greatest error that the probe may have shown in its
	// calibration; 0 if it was not calibrated.
	Bound time.Duration `json:"bound,omitempty"`
}

// StreamKind is what the attempts of a stream do.
type StreamKind string

// The kinds of stream.
const (
	Write   StreamKind = "write"   // store a token
	Reading StreamKind = "read"    // read the newest token
	Connect StreamKind = "connect" // open a new session
	// Put sets a register to the attempt's number and stores the token; Get
	// reads that register. They tell whether the cluster behaves as one copy,
	// not whether it is available.
	Put StreamKind = "put"
	Get StreamKind = "get"
)

// Stream is a series of attempts at equal intervals.
type Stream struct {
	Name string     `json:"name"`
	Kind StreamKind `json:"kind"`
	// Member is the one it is pinned to; empty for the clients' own path.
	Member   string        `json:"member,omitempty"`
	Interval time.Duration `json:"interval"`
	Connect  time.Duration `json:"connect"` // deadline for opening a session
	Reply    time.Duration `json:"reply"`   // deadline for the answer
	Sessions int           `json:"sessions"`
}

// Outcome is how an attempt ended, as its client saw it.
type Outcome uint8

// The three outcomes.
const (
	Unknown Outcome = iota // nobody knows whether it took effect
	Acked
	Refused // it certainly took no effect
)

func (o Outcome) String() string {
	switch o {
	case Acked:
		return "acked"
	case Refused:
		return "refused"
	case Unknown:
		return "unknown"
	}
	return "invalid"
}

// Attempt is one try of a stream. There can be millions in a record.
type Attempt struct {
	Intended time.Duration // when it should have left
	Sent     time.Duration // when it left
	Done     time.Duration
	Seq      uint32 // from 1, within its stream
	Saw      uint32 // by a read: the newest sequence number shown
	Epoch    uint32 // of the acknowledgement; 0: none
	// Wait is how long after Sent a server was asked, in microseconds: the
	// time that it took to have a session which a server had accepted.
	Wait    uint32
	Cause   uint16 // why it was not acked: index into Record.Causes
	Stream  uint8  // index into Head.Streams
	Member  uint8  // which acked, or answered a read: 1 + index into Head.Members; 0: not known
	Outcome Outcome
	// Expired says that its deadline ended it, not an answer.
	Expired bool
}

// Asked is when a server was asked.
func (a *Attempt) Asked() time.Duration { return a.Sent + time.Duration(a.Wait)*time.Microsecond }

// Blame is who answers for an error. The service answers for every error that
// nobody else was found to blame for.
type Blame string

// Whom to blame.
const (
	BlameService Blame = ""
	BlameFault   Blame = "fault"   // a fault could not be injected, confirmed or healed
	BlamePlace   Blame = "place"   // the engine or the host where members run
	BlameHarness Blame = "harness" // the harness itself: its limits, its own standstill
	BlamePerson  Blame = "person"  // whoever did not give their consent, or ended the run
)

// Kind is what sort of event something is.
type Kind string

// The kinds of event.
const (
	Ready   Kind = "ready"   // the cluster is up; Took says how long it took
	Healthy Kind = "healthy" // the baseline was clean long enough
	Began   Kind = "began"   // a step
	// Ended: a step; Err and Blame if it failed or was interrupted (BlamePerson). Answer says
	// why there was nothing to do in it. Accepted: it failed because of what no load of the
	// machine explains.
	Ended   Kind = "ended"
	Skipped Kind = "skipped" // a step that was not carried out; Err says why, Blame whose doing that is
	// Marked: whoever acts said What they do. Step is that in which they said so; one
	// that is not among the steps of the head is named by it.
	Marked   Kind = "marked"
	Decided  Kind = "decided"  // a change of roles was ordered; Member is to be primary
	Prepared Kind = "prepared" // a fault: about to be injected
	Injected Kind = "injected"
	Confirm  Kind = "confirmed" // a fault took hold; Answer is the evidence
	// Held: right before it was healed, a fault that lasts was looked at once
	// more. Answer is the evidence that it still held; Err says why there is none.
	Held   Kind = "held"
	Heal   Kind = "healed"
	Healed Kind = "heal-confirmed"
	// Role says that What is the member's role from now on, as it says itself;
	// empty: it does not answer. What it was before it last said Took ago.
	Role Kind = "role"
	// State says that What is the state of an auxiliary node from now on, as the
	// place says. Fault is the drill's own fault that it is due to, if to any.
	State   Kind = "state"
	Lag     Kind = "lag"     // Bytes the member is behind
	Command Kind = "command" // What was run in the member, Answer what it printed
	// Finding is a check of the runbook: What was looked at, Answer what was found. Err
	// says what is wrong or, if it is Unseen, why nobody could look at it.
	Finding Kind = "finding"
	// Calibrated: an outage that was made for it, of the kind What, lasted
	// for Took and was measured as Least to Most, or was Unseen.
	Calibrated Kind = "calibrated"
	// Consent: Took ago, By was asked whether to go on with the step, and has answered
	// now. Answer is what; Err says why it is no consent.
	Consent Kind = "consent"
	Figure  Kind = "figure" // What was measured in the step, Value in Unit
	// Expected: by the cluster's own settings, What is done to it in the step
	// makes an outage of at most Took, which Answer adds up.
	Expected Kind = "expected"
	Progress Kind = "progress" // What of a long step is done
	Stall    Kind = "stall"    // the harness itself stood still for Took
	Note     Kind = "note"
	// Alert: a log of the member had a line that somebody should read: Logged, and Answer
	// is its text. It was written at Least to Most, by its age when it was read, by the
	// member's own clock.
	Alert Kind = "alert"
)

// Event is something that happened, at one time or until then.
type Event struct {
	At     time.Duration `json:"at"`
	Kind   Kind          `json:"kind"`
	Step   int           `json:"step,omitempty"`
	Row    int           `json:"row,omitempty"` // of the step's rows, from 1: the one that a finding answers
	Member string        `json:"member,omitempty"`
	Fault  string        `json:"fault,omitempty"` // which fault, for its events
	What   string        `json:"what,omitempty"`
	Answer string        `json:"answer,omitempty"`
	Err    string        `json:"err,omitempty"`
	Blame  Blame         `json:"blame,omitempty"` // for Err, of a step that has ended or was skipped
	Took   time.Duration `json:"took,omitempty"`
	Bytes  int64         `json:"bytes,omitempty"`
	Least  time.Duration `json:"least,omitempty"`
	Most   time.Duration `json:"most,omitempty"`
	Unseen bool          `json:"unseen,omitempty"`
	// Accepted: the product did what it must refuse.
	Accepted bool    `json:"accepted,omitempty"`
	Value    float64 `json:"value,omitempty"`
	Unit     string  `json:"unit,omitempty"`
	By       string  `json:"by,omitempty"` // the person who answered
	Logged   *Logged `json:"logged,omitempty"`
}

// Logged is what a line of a log says besides its text.
type Logged struct {
	Clock    string `json:"clock"` // the member's own
	Level    string `json:"level"`
	Code     int    `json:"code,omitempty"`
	Instance string `json:"instance,omitempty"`
	Thread   string `json:"thread,omitempty"`
}

// Copy is every token that a member held at a time.
type Copy struct {
	At     time.Duration `json:"at"`
	Member string        `json:"member"`
	Role   string        `json:"role"`
	// Final says that it was read at the end, after everything was healed.
	Final bool `json:"final"`
	// Synced says that the member had caught up with the primary before.
	Synced bool `json:"synced"`
	// Follows says that it had not, and was still receiving what the primary writes.
	Follows bool   `json:"follows,omitempty"`
	Err     string `json:"err,omitempty"` // why it could not be read
	// Saved, if set, is the file into which these tokens were saved: the copy
	// is of what only the member held, and not of all that it held.
	Saved  *Saved   `json:"saved,omitempty"`
	Tokens []Stored `json:"-"`
}

// Saved is a file into which what only one member held was saved, so that
// winding it back loses nothing for good.
type Saved struct {
	File   string         `json:"file"` // within the folder of the record
	Bytes  int64          `json:"bytes"`
	SHA256 string         `json:"sha256"`
	Rows   int            `json:"rows"` // of all tables
	Tables map[string]int `json:"tables,omitempty"`
}

// Stored is a token as a member held it.
type Stored struct {
	Seq    uint32
	Stream uint8
	Member uint8 // which took it: 1 + index into Head.Members; 0: not known
}

// Tail is what is known once the drill has ended.
type Tail struct {
	At          time.Duration     `json:"at"`
	Interrupted bool              `json:"interrupted,omitempty"`
	Err         string            `json:"err,omitempty"`   // why the drill could not be carried out
	Blame       Blame             `json:"blame,omitempty"` // for Err
	Versions    map[string]string `json:"versions,omitempty"`
	// Journal is the first error of writing the record, if any.
	Journal string `json:"journal,omitempty"`
}
