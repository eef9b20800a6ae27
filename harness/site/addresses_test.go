package site_test

import (
	"strings"
	"testing"

	"drillbook/harness/site"
)

func TestAddresses(t *testing.T) {
	m := site.Member{Name: "db1", Public: "10.0.0.11", Private: "localhost"}
	public, private, err := m.Addresses(t.Context())
	if err != nil || public.String() != "10.0.0.11" || private.String() != "127.0.0.1" {
		t.Errorf("%s, %s, %v", public, private, err)
	}
	m.Public = "no-such-name.invalid"
	if _, _, err := m.Addresses(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "the public address of db1: no-such-name.invalid has no IPv4 address here") {
		t.Errorf("a name that does not resolve: %v", err)
	}
}
