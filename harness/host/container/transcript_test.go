package container

import (
	"errors"
	"strconv"
	"testing"

	"drillbook/harness/host"
)

// FuzzTranscript: whatever a command prints, and in whatever pieces it comes, its answer is that,
// and it does not end before both streams have said so.
func FuzzTranscript(f *testing.F) {
	f.Add("out", "err", 0, 3)
	f.Add("", "", 255, 1)
	f.Add("MARK 0\n", "MARK\n", 137, 5)
	f.Add("MARKMARK", "\n", 7, 2)
	f.Fuzz(func(t *testing.T, out, diag string, code, piece int) {
		const mark = "NK2Q7MARK"
		code, piece = int(uint8(code)), 1+int(uint8(piece))
		want := host.Answer{Stdout: out, Stderr: diag, Code: code}
		said := transcript{mark: mark}
		streams := []struct {
			w    interface{ Write([]byte) (int, error) }
			text string
		}{
			{stdout{&said}, mark + "\n" + out + mark + " " + strconv.Itoa(code) + "\n"},
			{stderr{&said}, diag + mark + "\n"},
		}
		for i, s := range streams {
			for len(s.text) > 0 {
				n := min(piece, len(s.text))
				_, err := s.w.Write([]byte(s.text[:n]))
				s.text = s.text[n:]
				last := i == 1 && s.text == ""
				if errors.Is(err, errEnded) != last {
					t.Fatalf("with %d bytes to come on stream %d: %v", len(s.text), i+1, err)
				}
			}
		}
		if got, err := said.answer(); err != nil || got != want {
			t.Errorf("answer = %+v, %v, want %+v", got, err, want)
		}
	})
}
