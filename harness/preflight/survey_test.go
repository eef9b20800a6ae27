package preflight

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

const said = `clock 1700000000.250000000
disk overlay 1000000000 120000000 880000000 12% /
listen 00000000:1538
listen 0100007F:1F90
listen 0B00007F:9C4B
listen 00000000000000000000000000000000:1538
listen 00000000000000000000000001000000:1539
route Iface Destination Gateway Mask
route eth0 00000000 01A113C6 00000000
route eth0 80A113C6 00000000 C0FFFFFF
reaches b:5432
`

func TestParse(t *testing.T) {
	before := time.Unix(1700000000, 0)
	s, err := parse(said, before, before.Add(time.Second/2))
	if err != nil {
		t.Fatal(err)
	}
	if s.clock.least != -250*time.Millisecond || s.clock.most != 250*time.Millisecond {
		t.Errorf("clock = %s to %s, want -250ms to 250ms", s.clock.least, s.clock.most)
	}
	if s.data.Full != 12 || s.data.Free != 880000000 {
		t.Errorf("disk = %d %%, %d bytes free", s.data.Full, s.data.Free)
	}
	want := []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:5432"), netip.MustParseAddrPort("[::]:5432")}
	if !slices.Equal(s.listens, want) {
		t.Errorf("listens = %v, want %v", s.listens, want)
	}
	if !slices.Equal(s.reaches, []string{"b:5432"}) {
		t.Errorf("reaches = %v", s.reaches)
	}
	if got := s.device("198.19.161.138"); got != "eth0" {
		t.Errorf("device of an address in its network = %q, want eth0", got)
	}
	if got := s.device("198.19.161.1"); got != "" {
		t.Errorf("device of an address elsewhere = %q, want none: the way out is no network", got)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, text := range []string{
		"", "clock now", "clock 1.x", "clock 1\ndisk a b c d e", "clock 1\nlisten 0100007F", "clock 1\nlisten XY:1",
		"clock 1\nroute eth0 00 00 00", "clock 1\nroute eth0",
	} {
		if s, err := parse(text, time.Unix(0, 0), time.Unix(0, 0)); err == nil {
			t.Errorf("parse(%q) = %+v, want an error", text, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(said)
	f.Fuzz(func(t *testing.T, text string) {
		now := time.Unix(1700000000, 0)
		s, err := parse(text, now, now.Add(time.Second))
		if err == nil && s.clock.most < s.clock.least {
			t.Errorf("clock = %+v", s.clock)
		}
	})
}
