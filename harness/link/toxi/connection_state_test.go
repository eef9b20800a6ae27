package toxi

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"drillbook/harness/phrase"
)

// TestHealthyConnectionIsDescribed: a connection on which nothing is amiss is no error of the
// network, and must be told in words.
func TestHealthyConnectionIsDescribed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.CopyN(c, c, 1)
			_ = c.Close()
		}
	}()
	defer func() {
		_ = l.Close()
		<-served
	}()
	p := &path{ours: l.Addr().String()}
	for what, look := range map[string]func(context.Context) (phrase.Phrase, error){
		"refusal": p.seesRefusal, "silence": p.seesSilence,
		"end": func(ctx context.Context) (phrase.Phrase, error) { return p.seesEnd(ctx, resetWithin) },
	} {
		_, err := look(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), ": it was answered") {
			t.Errorf("%s of a link that works: %v, want that it was answered", what, err)
		}
	}
}
