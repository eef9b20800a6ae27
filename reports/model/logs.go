package model

import (
	"slices"
	"strings"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What the logs of one drill may take up in all, and how many lines of the start and of the
// end of a log are shown. The record has more of it.
const (
	maxLogs      = 200_000 // bytes
	maxLogLine   = 400     // characters
	maxLogBegins = 40
	maxLogEnds   = 120
)

// logs are what the nodes have printed, and what stood in the product's log files.
func (d drafter) logs() Section {
	if len(d.rec.Logs) == 0 {
		return Section{}
	}
	s := Section{ID: "logs", Title: d.Say("logs"), Lead: d.Say("logs.lead")}
	room := maxLogs
	for i, l := range d.rec.Logs {
		if i == maxRows || room < 0 {
			s.Notes = append(s.Notes, d.leftOut(len(d.rec.Logs)-i))
			break
		}
		file := text.Name(l.File)
		if file == "" {
			file = d.Say("logs.printed")
		}
		a := Answer{
			Where:   d.Say("logs.where", "node", text.Name(l.Node), "size", words.Size(l.Size())),
			Command: file, Text: d.logText(l), Err: d.Detail(d.told(l.Err)),
		}
		s.Answers = append(s.Answers, a)
		room -= len(a.Text)
	}
	return s
}

// logText is a log with what is left out in it: bytes by the record, and lines here.
func (d drafter) logText(l record.Log) string {
	head, tail := logLines(l.Head), logLines(l.Tail)
	if l.Cut == 0 {
		if len(head) <= maxLogBegins+maxLogEnds {
			return strings.Join(head, "\n")
		}
		head, tail = head[:maxLogBegins], head[maxLogBegins:]
	}
	left := len(head) + len(tail)
	head, tail = head[:min(len(head), maxLogBegins)], tail[max(0, len(tail)-maxLogEnds):]
	left -= len(head) + len(tail)
	var cuts []string
	if left > 0 {
		cuts = append(cuts, d.Say("lines-left-out", "count", count(left)))
	}
	if l.Cut > 0 {
		cuts = append(cuts, d.Say("logs.cut", "size", words.Size(l.Cut)))
	}
	return strings.Join(slices.Concat(head, cuts, tail), "\n")
}

// logLines are the lines of a text, each bounded.
func logLines(s string) []string {
	s = strings.TrimRight(text.Clean(s), "\n")
	if s == "" {
		return nil
	}
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = text.Shorten(all[i], maxLogLine)
	}
	return all
}
