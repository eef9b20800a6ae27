package site_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/sites"
	"drillbook/harness/secret"
	"drillbook/harness/site"
)

// group is the site of a group whose members are instances.
const group = `product: dm8
members:
  - {name: db1, public: 10.0.0.11, private: 10.0.1.11, instance: SHOP1}
  - {name: db2, public: 10.0.0.12, private: 10.0.1.12}
monitor: {ssh: mon1, public: 10.0.0.13, ini: /dmdata/monitor/dmmonitor.ini}
layout: dm8
data: /dmdata/SHOP
programs: /opt/dmdbms/bin
login: {service: shop, password: {env: DM_PASSWORD}}
`

func TestGroup(t *testing.T) {
	got, err := site.Parse("site.yaml", []byte(group), sites.Products())
	want := site.Site{
		File: "site.yaml", Product: "dm8", User: "dmdba", Layout: "dm8", Data: "/dmdata/SHOP",
		Programs: "/opt/dmdbms/bin", Port: 5236, Rate: 25,
		Login: site.Login{Service: "shop", User: "SYSDBA", Password: secret.Source{Env: "DM_PASSWORD"}},
		Members: []site.Member{
			{Name: "db1", SSH: "db1", Public: "10.0.0.11", Private: "10.0.1.11", Instance: "SHOP1"},
			{Name: "db2", SSH: "db2", Public: "10.0.0.12", Private: "10.0.1.12", Instance: "DB2"},
		},
		Monitor: &site.Monitor{
			SSH: "mon1", Public: "10.0.0.13", Private: "10.0.0.13", Ini: "/dmdata/monitor/dmmonitor.ini",
		},
		Clients: site.Hosts, Lease: 30 * time.Second,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
	for _, tt := range []bad{
		{"instance: SHOP1", "application_name: x", "3", "write instance: MAIN1"},
		{"instance: SHOP1", "instance: SHOP-1", "3", "is no name of an instance"},
		{"name: db2", "name: db-2", "4", "no instance is called so"},
		{"name: db2", "name: monitor", "4", "the monitor's machine is called so"},
		{"service: shop", "service: '5 shops'", "9", "is no name of a service"},
		{"service: shop, ", "", "9", "service: it is missing"},
		{", password: {env: DM_PASSWORD}", "", "9", "SYSDBA needs one"},
		{"service: shop", "service: shop, database: shop", "9", "there is no key"},
		{"ini: /dmdata/monitor/dmmonitor.ini", "ini: dmmonitor.ini", "5", "it must be a whole path"},
		{"ssh: mon1, ", "", "5", "ssh: it is missing"},
		{"programs: /opt/dmdbms/bin", "programs: /opt/dmdbms", "8", "cannot be one"},
		{"layout: dm8", "layout: plain", "6", "DM8 has dm8"},
		{"layout: dm8", "layout: systemd", "6", "services that systemd drives"},
	} {
		_, err := site.Parse("f", []byte(strings.Replace(group, tt.old, tt.new, 1)), sites.Products())
		if err == nil || !strings.Contains(err.Error(), "f:"+tt.line+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in line %s", tt.new, err, tt.want, tt.line)
		}
	}
	const other = "members:\n  - {name: a1, public: 10.0.0.1, instance: A}\n"
	for _, text := range []string{other, "monitor: {ssh: x, public: 10.0.0.9, ini: /x}\n"} {
		_, err := site.Parse("f", []byte("product: postgres\n"+text), sites.Products())
		if err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("of a product without groups: %v", err)
		}
	}
}
