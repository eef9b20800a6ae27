package drillbook_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// rule says what the packages below a path may import. Patterns end in /... for
// everything below.
type rule struct {
	pkg string
	may []string // of this module and of others; the standard library is free
	why string
}

// rules is the import table of ARCHITECTURE.md. The first rule that fits a
// package is the one that holds for it.
func rules() []rule {
	return []rule{
		{"harness/phrase", nil, "texts are plain data"},
		{"harness/record", nil, "a record is plain data"},
		{"harness/secret", nil, "masks secrets of any kind"},
		{"harness/host", []string{"harness/secret"}, "an interface package depends on nothing but secrets"},
		{"harness/wait", nil, "waits for any condition"},
		{"harness/lock", []string{"github.com/gofrs/flock"}, "locks for any purpose"},
		{"harness/link", []string{"harness/host"}, "an interface package"},
		{"harness/driver", []string{"harness/host", "harness/secret"}, "an interface package"},
		{
			"harness/measure",
			[]string{"harness/record", "gonum.org/v1/gonum/stat/distuv"},
			"measuring is a pure function of a record",
		},
		{
			"harness/linear",
			[]string{"harness/record", "github.com/anishathalye/porcupine"},
			"checking is a pure function of a record",
		},
		{
			"harness/night",
			[]string{"harness/measure", "github.com/goccy/go-yaml/..."},
			"cells and shards depend on what they are told alone",
		},
		{
			"harness/site",
			[]string{"harness/fault", "harness/secret", "github.com/goccy/go-yaml/..."},
			"an inventory is plain data",
		},
		{"harness/probe", []string{"harness/driver", "harness/record"}, "independent of cluster and steps"},
		{
			"harness/calibrate",
			[]string{"harness/driver", "harness/measure", "harness/probe", "harness/record", "harness/wait"},
			"measures the error of the probe",
		},
		{
			"harness/observe",
			[]string{"harness/driver", "harness/host", "harness/record"},
			"independent of cluster and steps",
		},
		{
			"harness/cluster",
			[]string{"harness/driver", "harness/host", "harness/link", "harness/wait", "golang.org/x/sync/errgroup"},
			"",
		},
		{
			"harness/console",
			[]string{"harness/host", "harness/secret", "harness/wait"},
			"talks to any program at a prompt",
		},
		{
			"harness/shell",
			[]string{"harness/driver", "harness/host"},
			"commands on a node for any product",
		},
		{
			"harness/fault",
			[]string{"harness/driver", "harness/host", "harness/link", "harness/lock", "harness/shell"},
			"faults are independent of measuring",
		},
		{
			"harness/preflight",
			[]string{"harness/driver", "harness/host", "harness/shell", "harness/wait"},
			"reports findings; the drill decides",
		},
		{"harness/drill", []string{
			"harness/calibrate", "harness/cluster", "harness/driver", "harness/fault", "harness/host", "harness/link",
			"harness/observe", "harness/preflight", "harness/probe", "harness/record", "harness/secret",
			"harness/shell", "harness/wait",
		}, ""},
		{"harness/plan", []string{"harness/host", "harness/record"}, "a plan is plain data"},
		{
			"harness/host/ssh/sshtest",
			[]string{"harness/host", "harness/host/container", "golang.org/x/crypto/ssh"},
			"it returns errors, as testing/fstest does",
		},
		{"harness/watch", []string{"harness/drill"}, "a drill in which people act"},
		{
			"harness/drivertest",
			[]string{"harness/cluster", "harness/driver", "harness/host", "harness/shell", "harness/wait"},
			"it returns errors, as testing/fstest does",
		},
		{
			"harness/linktest",
			[]string{"harness/driver", "harness/host", "harness/link", "harness/wait"},
			"it returns errors, as testing/fstest does",
		},
		{
			"harness/hosttest",
			[]string{"harness/host", "harness/secret", "harness/wait"},
			"it returns errors, as testing/fstest does",
		},
		{
			"harness/host/roster",
			[]string{"harness/host", "harness/wait"},
			"keeps the nodes of any host",
		},
		{
			"harness/host/container",
			[]string{
				"harness/host",
				"harness/host/roster",
				"harness/lock",
				"harness/wait",
				"github.com/testcontainers/...",
				"github.com/docker/...",
				"github.com/containerd/...",
				"github.com/moby/...",
				"github.com/opencontainers/...",
			},
			"the only package that knows of containers",
		},
		{
			"harness/host/local",
			[]string{"harness/host", "harness/host/roster", "harness/lock", "harness/wait", "github.com/creack/pty"},
			"processes of this machine",
		},
		{
			"harness/host/ssh",
			[]string{"harness/host", "harness/wait", "golang.org/x/crypto/...", "github.com/skeema/knownhosts"},
			"the only package that knows of ssh",
		},
		{"harness/link/cut", []string{"harness/host", "harness/link", "harness/wait"}, ""},
		{
			"harness/link/toxi",
			[]string{
				"harness/host",
				"harness/link",
				"harness/wait",
				"github.com/Shopify/toxiproxy/...",
				"github.com/rs/zerolog",
			},
			"the only package that knows of Toxiproxy",
		},
		{"fixtures/images", []string{"harness/host"}, ""},
		{
			"fixtures/fake",
			[]string{"harness/driver", "harness/host", "harness/link", "harness/secret", "harness/wait"},
			"a database of goroutines",
		},
		{"fixtures/standin/clock", nil, "times at a speed"},
		{"fixtures/standin/about", []string{"fixtures/standin/clock"}, "what every stand-in says of itself"},
		{"fixtures/standin/wire", nil, "carries messages of any kind"},
		{"fixtures/standin/redo", nil, "logs records of any product"},
		{"fixtures/standin/folder", []string{"harness/lock"}, "files and locks"},
		{
			"fixtures/standin/engine",
			[]string{"fixtures/standin/redo", "modernc.org/sqlite"},
			"the only package that knows SQLite",
		},
		{
			"fixtures/dm8/standin/about",
			[]string{"fixtures/standin/about", "fixtures/standin/clock"},
			"describes the stand-in",
		},
		{"fixtures/dm8/standin/ini", []string{"fixtures/standin/folder"}, "independent of fixtures/dm8/conf"},
		{"fixtures/dm8/standin/state", nil, "plain data"},
		{"fixtures/dm8/standin/archive", []string{"fixtures/standin/redo"}, "files of redo"},
		{"fixtures/dm8/standin/dialect", []string{"fixtures/dm8/standin/about"}, "translating is a pure function"},
		{"fixtures/dm8/standin/store", []string{
			"fixtures/dm8/standin/archive", "fixtures/standin/engine", "fixtures/standin/folder",
			"fixtures/standin/redo", "harness/lock",
		}, "a database on disk"},
		{"fixtures/dm8/standin/mal", []string{
			"fixtures/standin/clock", "fixtures/standin/redo", "fixtures/standin/wire",
		}, ""},
		{"fixtures/dm8/standin/server", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/archive", "fixtures/dm8/standin/dialect",
			"fixtures/dm8/standin/ini", "fixtures/dm8/standin/mal", "fixtures/dm8/standin/state",
			"fixtures/dm8/standin/store", "fixtures/standin/...", "harness/wait",
		}, "an instance depends on neither watcher nor monitor"},
		{"fixtures/dm8/standin/watcher", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/ini", "fixtures/dm8/standin/state",
			"fixtures/standin/folder", "fixtures/standin/wire", "harness/wait",
		}, "talks to its instance over TCP only"},
		{"fixtures/dm8/standin/monitor", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/ini", "fixtures/dm8/standin/state",
			"fixtures/standin/clock", "fixtures/standin/folder", "fixtures/standin/wire", "harness/wait",
		}, "talks to watchers over TCP only"},
		{"fixtures/dm8/standin/disql", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/state", "fixtures/standin/wire",
		}, "a client"},
		{"fixtures/dm8/standin/dmrman", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/archive", "fixtures/dm8/standin/ini",
			"fixtures/dm8/standin/store", "harness/lock",
		}, "works on files"},
		{"fixtures/dm8/standin/dminit", []string{
			"fixtures/dm8/standin/about", "fixtures/dm8/standin/store",
		}, "creates databases and runs none"},
		{"fixtures/dm8/standin", []string{"fixtures/dm8/standin/...", "fixtures/standin/about"}, "the programs"},
		{
			"fixtures/iris/standin/about",
			[]string{"fixtures/standin/about", "fixtures/standin/clock"},
			"it knows only what it is",
		},
		{"fixtures/iris/standin/lang", nil, "a language is a pure function of its system"},
		{"fixtures/iris/standin/mirror", nil, "a state machine is a pure function of what it hears, and when"},
		{"fixtures/iris/standin/vip", nil, "it calls the programs of the operating system"},
		{
			"fixtures/iris/standin/cpf",
			[]string{"fixtures/standin/folder"},
			"files are plain text; a second opinion beside fixtures/iris/conf",
		},
		{"fixtures/iris/standin/status", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/lang",
		}, "numbers and texts"},
		{"fixtures/iris/standin/globals", []string{
			"fixtures/iris/standin/lang", "fixtures/standin/engine", "fixtures/standin/folder", "fixtures/standin/redo",
		}, "a database on disk"},
		{"fixtures/iris/standin/journal", []string{
			"fixtures/standin/folder", "fixtures/standin/redo",
		}, "files of records"},
		{"fixtures/iris/standin/data", []string{
			"fixtures/iris/standin/globals", "fixtures/iris/standin/lang", "fixtures/standin/redo", "harness/wait",
		}, "databases know no mirror"},
		{"fixtures/iris/standin/backup", []string{
			"fixtures/iris/standin/cpf", "fixtures/iris/standin/data", "fixtures/iris/standin/globals",
		}, "files of databases"},
		{"fixtures/iris/standin/peer", []string{
			"fixtures/iris/standin/cpf", "fixtures/iris/standin/journal", "fixtures/iris/standin/mirror",
			"fixtures/iris/standin/status", "fixtures/standin/folder", "fixtures/standin/redo", "fixtures/standin/wire",
			"harness/lock",
		}, "messages"},
		{"fixtures/iris/standin/agent", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/cpf", "fixtures/iris/standin/journal",
			"fixtures/iris/standin/mirror", "fixtures/iris/standin/peer", "fixtures/iris/standin/status",
			"fixtures/iris/standin/vip", "fixtures/standin/redo", "fixtures/standin/wire",
		}, "it survives instances, and asks them over their socket"},
		{"fixtures/iris/standin/member", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/agent", "fixtures/iris/standin/cpf",
			"fixtures/iris/standin/data", "fixtures/iris/standin/journal", "fixtures/iris/standin/mirror",
			"fixtures/iris/standin/peer", "fixtures/iris/standin/status", "fixtures/iris/standin/vip",
			"fixtures/standin/...", "harness/wait",
		}, "a member knows no language and no console"},
		{"fixtures/iris/standin/classes", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/cpf", "fixtures/iris/standin/data",
			"fixtures/iris/standin/globals", "fixtures/iris/standin/lang", "fixtures/iris/standin/member",
			"fixtures/iris/standin/peer", "fixtures/iris/standin/status", "fixtures/standin/engine", "harness/wait",
		}, "what the language can call"},
		{"fixtures/iris/standin/menus", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/backup", "fixtures/iris/standin/classes",
			"fixtures/iris/standin/cpf", "fixtures/iris/standin/data", "fixtures/iris/standin/lang",
			"fixtures/iris/standin/member", "fixtures/iris/standin/status",
		}, "conversations"},
		{"fixtures/iris/standin/session", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/classes", "fixtures/iris/standin/lang",
			"fixtures/standin/wire",
		}, "a terminal"},
		{"fixtures/iris/standin/sql", []string{
			"fixtures/iris/standin/classes", "fixtures/iris/standin/lang",
		}, "a shell"},
		{"fixtures/iris/standin/web", []string{
			"fixtures/iris/standin/classes", "fixtures/iris/standin/cpf", "fixtures/iris/standin/lang",
			"fixtures/iris/standin/member",
		}, "a web server"},
		{"fixtures/iris/standin/instance", []string{
			"fixtures/iris/standin/...", "fixtures/standin/...", "harness/lock", "harness/wait",
		}, "it puts the parts together"},
		{"fixtures/iris/standin/command", []string{
			"fixtures/iris/standin/about", "fixtures/iris/standin/cpf", "fixtures/iris/standin/peer",
			"fixtures/iris/standin/session", "fixtures/standin/wire",
		}, "it asks instances over their socket"},
		{
			"fixtures/iris/standin",
			[]string{"fixtures/iris/standin/...", "fixtures/standin/about", "harness/wait"},
			"the programs",
		},
		{"fixtures/iris/image", []string{"fixtures/images", "harness/host"}, "an image is data"},
		{"fixtures/postgres/conf", []string{"fixtures/lint"}, "files are plain text"},
		{"fixtures/postgres/image", []string{"fixtures/images", "harness/host"}, "an image is data"},
		{
			"fixtures/postgres",
			[]string{
				"fixtures/postgres/conf",
				"fixtures/postgres/image",
				"fixtures/postgres/sqlstate",
				"harness/driver",
				"harness/host",
				"harness/secret",
				"harness/shell",
				"harness/wait",
				"github.com/jackc/pgx/...",
			},
			"the only package that knows pgx",
		},
		{"fixtures/dm8/image", []string{"fixtures/images", "harness/host"}, "an image is data"},
		{"fixtures/charset", []string{"golang.org/x/text/..."}, "the only package that knows encodings"},
		{
			"fixtures/explain",
			[]string{"fixtures/charset", "harness/console"},
			"what errors of any product mean, in words of its adapter",
		},
		{
			"fixtures/postgres/sqlstate",
			[]string{"fixtures/explain", "harness/console"},
			"codes and words are plain data, found as in consoles",
		},
		{"fixtures/sites", []string{"harness/site"}, "what the sites of any product say"},
		{"fixtures/lint", []string{"fixtures/charset"}, "findings, their words, and files of any product"},
		{"fixtures/dm8/conf", []string{"fixtures/lint"}, "files are plain text"},
		{
			"fixtures/dm8/console",
			[]string{"fixtures/charset", "fixtures/explain", "harness/console", "harness/secret"},
			"parses what the product's consoles print",
		},
		{"fixtures/dm8/svc", []string{"fixtures/dm8/conf"}, "connection rules of clients"},
		{"fixtures/dm8", []string{
			"fixtures/charset", "fixtures/dm8/conf", "fixtures/dm8/console", "fixtures/dm8/svc", "fixtures/lint",
			"harness/console",
			"harness/driver",
			"harness/host", "harness/secret", "harness/shell", "harness/wait",
		}, "the adapter depends on neither image nor stand-in"},
		{"fixtures/iris/conf", []string{"fixtures/lint"}, "files are plain text"},
		{
			"fixtures/iris/console",
			[]string{"fixtures/explain", "harness/console", "harness/secret"},
			"the words of the product; what consoles print is plain text",
		},
		{"fixtures/iris", []string{
			"fixtures/iris/conf", "fixtures/iris/console", "harness/console", "harness/driver",
			"harness/host", "harness/secret", "harness/shell", "harness/wait",
		}, "the adapter depends on neither image nor stand-in"},
		{"reports/text", nil, "foreign text is plain text"},
		{"reports/words", []string{"harness/measure", "reports/text"}, "words and figures"},
		{"reports/cover", []string{
			"harness/record", "reports/text", "github.com/goccy/go-yaml",
		}, "what people say of a drill, checked against its record"},
		{"reports/run", []string{
			"harness/linear", "harness/measure", "harness/night", "harness/record", "reports/cover", "reports/text",
		}, "the input of reports"},
		{"reports/results", []string{
			"harness/linear", "harness/measure", "harness/night", "harness/record", "reports/run", "reports/words",
		}, "made from the run alone; its sentences are English"},
		{"reports/model", []string{
			"harness/linear", "harness/measure", "harness/night", "harness/record", "reports/cover", "reports/run",
			"reports/text",
			"reports/words",
		}, "what a report says, in the words of one language"},
		{
			"reports/chart",
			[]string{"reports/model", "golang.org/x/text/width"},
			"draws the data of the model",
		},
		{"reports/page", []string{"reports/chart", "reports/model"}, "a renderer reads the model alone"},
		{"reports/office", []string{
			"reports/model", "github.com/xuri/excelize/...",
		}, "a renderer reads the model alone; the only package that knows excelize"},
		{"reports/paper", nil, "prints any page"},
		{"reports/sheet", []string{"reports/model", "golang.org/x/text/width"}, "a renderer reads the model alone"},
		{"reports/markdown", []string{"reports/model", "reports/text"}, "a renderer reads the model alone"},
		{"reports/junit", []string{"reports/model"}, "a renderer reads the model alone"},
		{
			"reports/table",
			[]string{"reports/model", "reports/text", "github.com/charmbracelet/x/ansi"},
			"a renderer reads the model alone",
		},
		{
			"reports",
			[]string{"harness/measure", "harness/record", "reports/..."},
			"rendering is a pure function of records",
		},
		{
			"runbooks",
			[]string{"harness/driver", "github.com/goccy/go-yaml", "github.com/yuin/goldmark/..."},
			"runbooks depend on abilities, not on drills",
		},
		{"scenarios/dsl", []string{
			"harness/...", "runbooks", "reports", "fixtures/images", "github.com/onsi/...",
		}, ""},
		{"scenarios/postgres", []string{
			"scenarios/dsl", "fixtures/postgres", "fixtures/postgres/conf", "fixtures/postgres/image", "runbooks",
			"harness/drill", "harness/driver", "harness/fault", "harness/host", "harness/link", "harness/secret",
			"harness/site", "github.com/onsi/...",
		}, "a scenario imports its own product"},
		{"scenarios/dm8", []string{
			"scenarios/dsl", "fixtures/dm8", "fixtures/dm8/conf", "fixtures/dm8/image",
			"harness/drill", "harness/driver", "harness/fault", "harness/host", "harness/link", "harness/secret",
			"harness/shell", "harness/site", "github.com/onsi/...",
		}, "a scenario imports its own product"},
		{"scenarios/iris", []string{
			"scenarios/dsl", "fixtures/iris", "fixtures/iris/conf", "fixtures/iris/image",
			"fixtures/iris/console", "harness/drill", "harness/driver", "harness/fault", "harness/host", "harness/link",
			"harness/secret", "harness/shell", "harness/wait", "github.com/onsi/...",
		}, "a scenario imports its own product"},
		{"scenarios", []string{"scenarios/...", "harness/host", "runbooks"}, ""},
		{
			"cmd/drillbook",
			[]string{
				"fixtures/charset",
				"fixtures/dm8",
				"fixtures/dm8/conf",
				"fixtures/dm8/console",
				"fixtures/explain",
				"fixtures/images",
				"fixtures/iris/conf",
				"fixtures/iris/console",
				"fixtures/lint",
				"fixtures/postgres/conf",
				"fixtures/postgres/sqlstate",
				"fixtures/sites",
				"harness/...",
				"fixtures/postgres",
				"reports",
				"reports/table",
				"reports/words",
				"runbooks",
				"scenarios/...",
				"github.com/spf13/cobra",
				"github.com/spf13/pflag",
				"charm.land/...",
				"github.com/onsi/...",
				"golang.org/x/term",
			},
			"",
		},
	}
}

const module = "drillbook/"

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t, ".") {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rules(), func(r rule) bool { return r.pkg == name })
		if i < 0 {
			t.Errorf(
				"%s: the import table does not say what it may import: add it to rules",
				name)
			continue
		}
		for _, bad := range forbidden(rules()[i], p.Imports) {
			t.Errorf("%s imports %s; it may import %v (%s)", name, bad, rules()[i].may, rules()[i].why)
		}
	}
}

// forbidden are the imports that a rule does not allow.
func forbidden(r rule, imports []string) []string {
	var bad []string
	for _, imp := range imports {
		name := strings.TrimPrefix(imp, module)
		outside := strings.Contains(strings.SplitN(imp, "/", 2)[0], ".")
		if name == imp && !outside {
			if isTesting(imp) && !strings.HasPrefix(r.pkg, "scenarios") {
				bad = append(bad, imp)
			}
			continue // the standard library
		}
		if name == "harness/phrase" {
			continue // every package has texts
		}
		if !slices.ContainsFunc(r.may, func(pattern string) bool { return fits(pattern, name) }) {
			bad = append(bad, imp)
		}
	}
	return bad
}

// isTesting: only tests fail tests; the harness returns errors.
func isTesting(imp string) bool { return imp == "testing" || strings.HasPrefix(imp, "testing/") }

func fits(pattern, name string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == below || strings.HasPrefix(name, below+"/")
	}
	return path.Clean(pattern) == name
}
