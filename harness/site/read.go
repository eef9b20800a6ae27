package site

import (
	"bytes"
	"cmp"
	"errors"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"drillbook/harness/phrase"
)

// maxSize is how large a site's file may be, in bytes.
const maxSize = 32 << 10

// Read reads the file of a site of one of these products. What is wrong with it is said a
// line each, with the line of the file and what to do; a secret that stands in it is not
// repeated.
func Read(file string, known []Product) (Site, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the person's own file
	if err != nil {
		return Site{}, phrase.Errorf("read the site's file: %w", err)
	}
	return Parse(file, text, known)
}

// Parse does what [Read] does with the text of a file.
func Parse(file string, text []byte, known []Product) (Site, error) {
	r := &reader{file: file}
	root, err := r.tree(text)
	if err != nil {
		return Site{}, err
	}
	r.findNoted(strings.TrimPrefix(string(text), "\ufeff"))
	if r.findSecrets(root, ""); len(r.wrong) > 0 {
		return Site{}, r.err() // what else is wrong might repeat them
	}
	s := r.site(root, known)
	s.File = file
	if err := r.err(); err != nil {
		return Site{}, err
	}
	return s, nil
}

// tree parses the text.
func (r *reader) tree(text []byte) (ast.Node, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case len(text) > maxSize:
		return nil, phrase.Errorf("%s: it is larger than %d bytes, which no site is", r.file, maxSize)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return nil, phrase.Errorf("%s: it is no UTF-8: save it as UTF-8", r.file)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if line := nested(text); line > 0 {
		return nil, phrase.Errorf("%s:%d: its brackets are nested as in no site", r.file, line)
	}
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil && at.GetToken().Position != nil {
		return nil, phrase.Errorf("%s:%d: %s", r.file, at.GetToken().Position.Line, said(at.GetMessage()))
	}
	if err != nil {
		return nil, phrase.Errorf("%s: it is no YAML: %s", r.file, said(err.Error()))
	}
	docs := slices.DeleteFunc(f.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch len(docs) {
	case 0:
		return nil, phrase.Errorf("%s:1: there is nothing in it: begin with product:", r.file)
	case 1:
		return docs[0].Body, nil
	}
	return nil, phrase.Errorf("%s:%d: a second site begins here: give it a file of its own", r.file,
		lineOf(docs[1].Body))
}

// nested is the first line that opens more brackets one in the other than any site has,
// which the parser would take long for; 0 if none does.
func nested(text []byte) int {
	const most = 50
	depth, line := 0, 1
	for _, c := range text {
		switch c {
		case '\n':
			line++
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth > most {
			return line
		}
	}
	return 0
}

// repeated is what the parser repeats of the file.
var repeated = regexp.MustCompile(`"[^"]{2,}"`)

// said is what the parser says in one line, without what it repeats.
func said(s string) string {
	return repeated.ReplaceAllString(strings.Join(strings.Fields(s), " "), `"…"`)
}

const (
	minMembers, maxMembers = 2, 9
	maxPort                = 65535
	minLease, maxLease     = 5 * time.Second, 10 * time.Minute
	usualLease             = 30 * time.Second
	maxRate, usualRate     = 1000, 50
)

// site reads the whole file.
func (r *reader) site(root ast.Node, known []Product) Site {
	f := r.mapping(root, "", "product", "members", "user", "layout", "cluster", "data", "programs", "log", "port",
		"login", "listens", "never", "window", "clients", "lease", "rate", "ssh_config", "monitor")
	p := f.product(known)
	s := Site{
		Product: p.Name, Members: f.members(p), User: f.osUser(p.User), Port: f.number("port", 1, maxPort, p.Port),
		Login: f.login(p), Listens: f.listens(), Never: f.never(), Window: f.window(), Clients: f.clients(),
		Lease:   f.duration("lease", minLease, maxLease, usualLease),
		Rate:    f.number("rate", 1, maxRate, cmp.Or(p.Rate, usualRate)),
		Monitor: f.monitor(p),
	}
	if f.has("ssh_config") {
		s.Settings = f.path("ssh_config")
	}
	f.layout(&s, p)
	return s
}

// names is what members may be called: their names become those of files.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

// osUsers is what users of the operating system are called, and so can stand in sudoers.
var osUsers = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)

func (f fields) osUser(usual string) string {
	value := f.text("user")
	switch {
	case value == "":
		return usual
	case value == "root":
		f.fail("user", phrase.Errorf("it must not be root: name the user as whom the database runs"))
	case !osUsers.MatchString(value):
		f.fail("user", phrase.Errorf("%q is no user of the operating system", value))
	}
	return value
}

func (f fields) members(p Product) []Member {
	if !f.need("members", "[{name: db1, public: 10.0.0.11}, {name: db2, public: 10.0.0.12}]") {
		return nil
	}
	items := f.list("members", "[{name: db1, public: 10.0.0.11}]")
	if items != nil && (len(items) < minMembers || len(items) > maxMembers) {
		f.fail("members", phrase.Errorf("there are %d: a cluster that can be drilled has %d to %d", len(items),
			minMembers, maxMembers))
	}
	members := make([]Member, 0, len(items))
	seen := map[string]map[string]string{}
	for _, n := range items {
		g := f.r.mapping(n, "member", "name", "ssh", "public", "private", "application_name", "instance", "fence")
		m := g.member(p)
		for key, value := range map[string]string{
			"name": m.Name, "ssh": m.SSH, "public": m.Public, "private": m.Private, "application_name": m.Application,
			"instance": m.Instance,
		} {
			other, twice := seen[key][value]
			if twice && value != "" && m.Name != "" && (g.has(key) || key == "name") {
				g.fail(key, phrase.Errorf("%s has the same: each member needs its own", other))
			}
			if seen[key] == nil {
				seen[key] = map[string]string{}
			}
			seen[key][value] = m.Name
		}
		members = append(members, m)
	}
	return members
}

func (f fields) member(p Product) Member {
	m := Member{Name: f.text("name"), SSH: f.ssh(), Public: f.address("public"), Private: f.address("private")}
	if f.need("name", "db1") && m.Name != "" && !names.MatchString(m.Name) {
		f.fail("name", phrase.Errorf("%q is no name: use letters, digits, dots and hyphens, at most 60", m.Name))
		m.Name = ""
	}
	f.need("public", "10.0.0.11")
	if m.SSH == "" {
		m.SSH = m.Name
	}
	if !f.has("private") {
		m.Private = m.Public
	}
	f.ownName(&m, p)
	if f.has("fence") {
		m.Fence = f.fence()
	}
	return m
}

// ssh reads a destination.
func (f fields) ssh() string {
	value := f.text("ssh")
	if strings.HasPrefix(value, "-") || strings.ContainsAny(value, " \t") {
		f.fail("ssh", phrase.Errorf("%q is no destination of ssh: write what follows ssh on the command line", value))
	}
	return value
}

// hostnames is what a name that resolves looks like.
var hostnames = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$`)

// dotted looks like an address, and so must be one.
var dotted = regexp.MustCompile(`^[0-9.]+$`)

// address reads an address without a port, or a name.
func (f fields) address(key string) string {
	value := f.text(key)
	ip, err := netip.ParseAddr(value)
	switch {
	case value == "":
	case err == nil && !ip.Unmap().Is4():
		f.fail(key, phrase.Errorf("IPv6 addresses cannot be cut off yet: write its IPv4 address"))
	case err == nil && (ip.IsUnspecified() || ip.IsLoopback() || ip.IsMulticast()):
		f.fail(key, phrase.Errorf("%s is no address by which others reach a machine", ip))
	case err != nil && (dotted.MatchString(value) || !hostnames.MatchString(value)):
		f.fail(key, phrase.Errorf("%q is neither an address nor a name: write it without a port: 10.0.0.11", value))
	default:
		return value
	}
	return ""
}

// askWord is the fence of a machine whose power a person switches.
const askWord = "ask"

func (f fields) fence() *Fence {
	if word, ok := textOf(f.values["fence"]); ok {
		if word != askWord {
			f.fail("fence", phrase.Errorf("it must be ask, for a person does it, or the programs off, on and status"))
		}
		return &Fence{Ask: true}
	}
	g := f.r.mapping(f.values["fence"], "fence", "off", "on", "status")
	fence := &Fence{Off: g.argv("off"), On: g.argv("on"), Status: g.argv("status")}
	for _, key := range []string{"off", "on"} {
		g.need(key, "[fence_ipmilan, -a, 10.9.0.11, -S, /etc/drillbook/fence-password, -o, "+key+"]")
	}
	return fence
}

// argv reads a program and its arguments.
func (f fields) argv(key string) []string {
	argv := f.words(key, "[PROGRAM, ARGUMENT, ...]")
	if len(argv) > 0 && (strings.TrimSpace(argv[0]) == "" || strings.HasPrefix(argv[0], "-")) {
		f.fail(key, phrase.Errorf("it must begin with a program"))
	}
	return argv
}
