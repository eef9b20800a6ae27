package drill

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/harness/shell"
)

// logsWithin is how long the logs of a node may take to be read.
const logsWithin = 15 * time.Second

// mostOfLog bounds what is kept of each log.
const mostOfLog = 64 << 10

// nodeLogs are the logs of a node, and what in them somebody should read.
type nodeLogs struct {
	logs   []record.Log
	alerts []record.Event
}

// keepLogs records the logs of all nodes and the alerts in them, without secrets. Nodes that
// are only watched are not ours to read from.
func (d *Drill) keepLogs(ctx context.Context) {
	if d.cfg.Host == nil || d.Cluster == nil {
		return
	}
	for _, n := range ofNodes(d, func(m driver.Member) []nodeLogs { return []nodeLogs{d.logsOf(ctx, m)} }) {
		for _, e := range n.alerts {
			e.At = d.now()
			d.emit(e)
		}
		for _, l := range n.logs {
			l.Head, l.Tail, l.Err = d.hide(l.Head), d.hide(l.Tail), d.hide(l.Err)
			d.journal.Log(l)
		}
	}
}

// ofNodes reads something of all nodes at once, and returns it in their order.
func ofNodes[T any](d *Drill, read func(driver.Member) []T) []T {
	nodes := slices.Concat(d.Cluster.Members, d.Cluster.Auxiliaries)
	found := make([][]T, len(nodes))
	var reading sync.WaitGroup
	for i, m := range nodes {
		reading.Go(func() { found[i] = read(m) })
	}
	reading.Wait()
	return slices.Concat(found...)
}

// hide is a text without the secrets that the driver knows.
func (d *Drill) hide(text string) string {
	if k, ok := d.cfg.Driver.(driver.SecretKeeper); ok {
		return secret.Hide(text, k.Secrets()...)
	}
	return text
}

// logsOf are the logs of a node: what it printed, then those that the driver names.
func (d *Drill) logsOf(ctx context.Context, m driver.Member) nodeLogs {
	ctx, cancel := context.WithTimeout(ctx, logsWithin)
	defer cancel()
	var all nodeLogs
	printed, err := printedBy(ctx, m)
	if err != nil || printed != "" {
		all.logs = append(all.logs, d.logOf(m, shell.Shorten(printed, mostOfLog), err))
	}
	k, ok := d.cfg.Driver.(driver.LogKeeper)
	if !ok {
		return all
	}
	from := d.now()
	files, err := shell.ReadLogs(ctx, m.Node, mostOfLog, d.alertLines(), k.LogFiles(m)...)
	to := d.now()
	for _, f := range files.Files {
		all.logs = append(all.logs, d.logOf(m, f, nil))
	}
	if err != nil {
		all.logs = append(all.logs, d.logOf(m, shell.Log{}, err))
		return all
	}
	all.alerts = d.alertsIn(m, printed, files, from, to)
	return all
}

func (d *Drill) logOf(m driver.Member, l shell.Log, err error) record.Log {
	said := phrase.Of(err)
	d.journal.Phrase(said)
	return record.Log{Node: m.Name, File: l.File, Head: l.Head, Tail: l.Tail, Cut: l.Cut, Err: said.Text}
}

// printedBy is what the first process of a node has printed.
func printedBy(ctx context.Context, m driver.Member) (string, error) {
	stream, err := m.Node.Logs(ctx)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(stream)
	if err := errors.Join(err, stream.Close()); err != nil {
		return "", phrase.Errorf("read the logs of %s: %w", m.Name, err)
	}
	return string(text), nil
}
