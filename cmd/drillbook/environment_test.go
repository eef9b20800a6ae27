package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// everyRunbook, when set, has TestOwnEnvironment carry out every runbook, three times in
// each environment; otherwise one is carried out, once, by TestOwnEnvironmentHere.
const everyRunbook = "DRILLBOOK_EVERY_RUNBOOK"

// TestOwnEnvironment: a drill in an environment that is empty, but for what says
// where things are, and in one with all that a person may have set for tools of
// their own ends alike: the same verdict for the same reasons, and, where there are
// trials enough to tell, the same outages. Nothing of it is in a record.
func TestOwnEnvironment(t *testing.T) {
	takesLong(t)
	if os.Getenv(everyRunbook) == "" {
		t.Skip("`make environments` does this")
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	for _, book := range lib { // one by one: their outages are held against each other
		t.Run(book.Name, func(t *testing.T) { tellsNoDifference(t, hostContainer, book.Name) })
	}
}

// TestOwnEnvironmentHere: the same where members are processes of this machine, which
// could inherit it, or where that cannot be, in containers.
func TestOwnEnvironmentHere(t *testing.T) {
	takesLong(t)
	place := hostLocal
	if lacksLocal() != nil {
		place = hostContainer
	}
	tellsNoDifference(t, place, "postgres/lost-primary")
}

func tellsNoDifference(t *testing.T, host, book string) {
	t.Helper()
	bare := []string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH")}
	if at := os.Getenv("DOCKER_HOST"); at != "" { // leads elsewhere, and is meant to
		bare = append(bare, "DOCKER_HOST="+at)
	}
	want := endIn(t, bare, host, book)
	got := endIn(t, slices.Concat(bare, own(t)), host, book)
	t.Logf("%s in an empty environment: %v", book, want)
	t.Logf("%s in one of a person's own: %v", book, got)
	for i := range want {
		if g, w := got[i], want[i]; g.Verdict != w.Verdict || fmt.Sprint(g.Reasons) != fmt.Sprint(w.Reasons) {
			t.Errorf("trial %d: it is %v, and %v in an empty environment", i+1, g, w)
		}
	}
	g, w := rangeOf(got), rangeOf(want)
	if len(want) > 1 && (g[0] > w[1] || w[0] > g[1]) { // one outage alone says nothing
		t.Errorf("the longest outages were %v ms, and %v ms in an empty environment", g, w)
	}
}

// rangeOf is in what the longest outages of all trials lie.
func rangeOf(trials []felt) (r [2]float64) {
	for i, f := range trials {
		if i == 0 || f.Downtime.Longest.Least < r[0] {
			r[0] = f.Downtime.Longest.Least
		}
		r[1] = max(r[1], f.Downtime.Longest.Most)
	}
	return r
}

// felt is what results.json says of a drill that its environment might change.
type felt struct {
	Verdict  string
	Reasons  []struct{ Code string }
	Downtime downtime
}

type downtime struct {
	Longest struct {
		Least float64 `json:"least_ms"`
		Most  float64 `json:"most_ms"`
	}
}

func (f felt) String() string {
	return fmt.Sprintf("%s %v, out for %.0f to %.0f ms",
		f.Verdict, f.Reasons, f.Downtime.Longest.Least, f.Downtime.Longest.Most)
}

// endIn carries out a runbook in an environment.
func endIn(t *testing.T, env []string, host, book string) []felt {
	t.Helper()
	p := newProgram(t, t.TempDir())
	trials := 1
	if os.Getenv(everyRunbook) != "" {
		trials = 3
	}
	c := p.command(t, "run", book, "--host", host, "--trials", strconv.Itoa(trials),
		"--out", filepath.Join(p.dir, "reports", "out"))
	c.Dir = "." // the image of the stand-in is built inside a checkout
	c.Env = append(slices.Clone(env), isCommand+"=1")
	began := time.Now()
	out, err := c.CombinedOutput()
	t.Logf("%s took %s", book, time.Since(began).Round(time.Second))
	if err != nil {
		t.Logf("it ends with %v\n%s", err, out)
	}
	latest := p.latest()
	text, err := os.ReadFile(p.latest(reports.ResultsFile))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var results struct{ Drills []felt }
	must(t, json.Unmarshal(text, &results))
	if len(results.Drills) != trials {
		t.Fatalf("%d drills, want %d\n%s", len(results.Drills), trials, out)
	}
	noneOfTheirs(t, latest, env)
	return results.Drills
}

// noneOfTheirs: what is in the environment for others is in no record.
func noneOfTheirs(t *testing.T, latest string, env []string) {
	t.Helper()
	if !slices.Contains(env, "PGPASSWORD="+theirs) {
		return
	}
	files, err := filepath.Glob(filepath.Join(latest, "*", "record.jsonl"))
	must(t, err)
	for _, f := range files {
		rec, err := record.ReadFile(f)
		must(t, err)
		if text := fmt.Sprintf("%+v", rec.Events); strings.Contains(text, theirs) {
			t.Errorf("%s has of a person's own environment what is nobody's business", f)
		}
	}
}

// theirs is what a person's own variables say.
const theirs = "of-their-own"

// own are variables, each legal, that a person may have set for their psql, docker, test
// containers, browser, terminal and language, with the files that these read, and that
// are nobody else's.
func own(t *testing.T) []string {
	t.Helper()
	home, closed := t.TempDir(), t.TempDir()
	must(t, os.Chmod(closed, 0o700))
	for name, text := range map[string]string{
		".pgpass":          "*:*:*:*:" + theirs + "\n",
		".pg_service.conf": "[theirs]\nhost=192.0.2.1\noptions=-c synchronous_commit=off\n",
		".psqlrc":          `\echo ` + theirs + "\n\\set ON_ERROR_STOP on\n\\pset format html\n",
		".docker/config.json": `{"credsStore":"` + theirs +
			`","proxies":{"default":{"httpProxy":"http://192.0.2.1:1"}}}`,
		".testcontainers.properties": "hub.image.name.prefix=registry.example.com/theirs\nryuk.disabled=false\n",
	} {
		file := filepath.Join(home, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
	cache, err := os.UserCacheDir()
	must(t, err)
	const nobody = "http://192.0.2.1:1" // an address that is for documentation: nobody answers
	return []string{
		"HOME=" + home, "XDG_CACHE_HOME=" + cache, "TMPDIR=" + closed, "USER=" + theirs, "LOGNAME=" + theirs,
		"GOCACHE=" + filepath.Join(cache, "go-build"), "GOMODCACHE=" + goEnv(t.Context(), t, "GOMODCACHE"),
		"PGHOST=192.0.2.1", "PGPORT=6432", "PGUSER=" + theirs, "PGDATABASE=" + theirs, "PGPASSWORD=" + theirs,
		"PGPASSFILE=" + filepath.Join(home, ".pgpass"), "PGSERVICE=theirs", "PGAPPNAME=" + theirs,
		"PGSERVICEFILE=" + filepath.Join(home, ".pg_service.conf"), "PGSSLMODE=verify-full",
		"PGSSLROOTCERT=/nowhere", "PGTARGETSESSIONATTRS=standby", "PGCONNECT_TIMEOUT=1", "PGTZ=Asia/Shanghai",
		"PGDATESTYLE=German", "PGOPTIONS=-c synchronous_commit=off -c default_transaction_read_only=on",
		"PGCLIENTENCODING=GBK", "PGDATA=/nowhere", "PSQLRC=" + filepath.Join(home, ".psqlrc"),
		"HTTP_PROXY=" + nobody, "HTTPS_PROXY=" + nobody, "ALL_PROXY=socks5://192.0.2.1:1", "NO_PROXY=example.com",
		"http_proxy=" + nobody, "https_proxy=" + nobody, "all_proxy=socks5://192.0.2.1:1", "no_proxy=example.com",
		"LANG=zh_CN.UTF-8", "LC_ALL=tr_TR.UTF-8", "LANGUAGE=zh", "TZ=Asia/Kathmandu",
		"DOCKER_API_VERSION=9.99", "DOCKER_CONFIG=" + filepath.Join(home, ".docker"), "DOCKER_CONTEXT=default",
		"DOCKER_DEFAULT_PLATFORM=linux/s390x", "DOCKER_CERT_PATH=/nowhere", "DOCKER_BUILDKIT=1",
		"TESTCONTAINERS_RYUK_DISABLED=false", "TESTCONTAINERS_HOST_OVERRIDE=192.0.2.1",
		"TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE=/nowhere", "TESTCONTAINERS_RYUK_CONTAINER_IMAGE=" + theirs,
		"TESTCONTAINERS_RYUK_CONTAINER_PRIVILEGED=true", "RYUK_PORT=none",
		"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX=registry.example.com/theirs",
		"TERM=xterm-256color", "COLUMNS=20", "LINES=2", "CI=true", "NO_COLOR=1", "GOFLAGS=-tags=" + theirs,
	}
}

// goEnv is a setting of the go command's own.
func goEnv(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(ctx, "go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
