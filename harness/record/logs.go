package record

// Log is what a node has printed from its start to the end of the drill, or what stood in a
// log file on it then. In the middle of a long one something is left out, in whole lines.
type Log struct {
	Node string `json:"node"`           // of a member or an auxiliary
	File string `json:"file,omitempty"` // empty: what the first process of the node printed
	Head string `json:"head,omitempty"` // all of it if it is short
	Tail string `json:"tail,omitempty"`
	Cut  int64  `json:"cut,omitempty"` // bytes between them that are left out
	Err  string `json:"err,omitempty"` // why it could not be read
}

// Size is how many bytes the log had.
func (l Log) Size() int64 { return int64(len(l.Head)+len(l.Tail)) + l.Cut }

// Log writes a log.
func (j *Writer) Log(l Log) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.closed {
		j.value(keyLog, l)
	}
}
