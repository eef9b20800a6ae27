package drillbook_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exposed is a password on a command line, where the list of processes and the
// shell's history show it. What is typed at a program's own prompt is not.
var exposed = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`(?:^|[\s="'])[a-z]\w*/[^\s/@]+@\S`,                                      // user/password@place
	`\b(?:disql|dexp|dimp|dexpdp|dimpdp|dmfldr|sqlplus)\b.*[\s=][a-z]\w*/\S`, // user/password
	`(?:password|passwd|pwd)\s*=\s*['"]?[^\s'"*]`,                            // PGPASSWORD=…, --password=…, of a DSN
	`(?:\bpassword|\bidentified\s+by)\s+\\?['"]`,                             // of a statement
	`\w://[^\s/:@]+:[^\s/@]+@`,                                               // of an address
	`\bsshpass\s+-p|\bcurl\b.*\s(?:-u|--user)[\s=]*[^\s:]+:\S`,
}, `|`))

// prompt begins what is typed into a program that runs already.
var prompt = regexp.MustCompile(`^[A-Z]+> ?`)

// action is a line of a workflow that names an action and its version.
var action = regexp.MustCompile(`^(- )?uses: [\w-]+/[\w-]+@v\d+$`)

// span is code within a sentence.
var span = regexp.MustCompile("`([^`]+)`")

// commands are the lines of code of a page, and the code in its sentences.
func commands(page string) []string {
	var all []string
	fenced := false
	for line := range strings.Lines(page) {
		switch text, indented := strings.CutPrefix(line, "    "); {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced || indented:
			all = append(all, strings.TrimSpace(text))
		default:
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				all = append(all, m[1])
			}
		}
	}
	return all
}

func exposes(command string) bool {
	return !prompt.MatchString(command) && !action.MatchString(command) && exposed.MatchString(command)
}

// TestExposedFindsPasswords: what finds nothing on any page must be able to find it.
func TestExposedFindsPasswords(t *testing.T) {
	for command, want := range map[string]bool{
		`disql SYSDBA/'"password"'@127.0.0.1:5236`:                    true,
		`disql -S SYSDBA/SYSDBA`:                                      true,
		`su - dmdba -c 'disql SYSDBA/x@drill'`:                        true,
		`dexp USERID=SYSDBA/Chestnut7@dm1:5236 FILE=a.dmp`:            true,
		`dexp USERID=SYSDBA/Chestnut7 FILE=a.dmp`:                     true,
		`dminit PATH=/opt SYSDBA_PWD=Chestnut7`:                       true,
		`PGPASSWORD=Chestnut7 psql -h b`:                              true,
		`psql "host=b user=postgres password=Chestnut7"`:              true,
		`pg_rewind --source-server="host=b password='Chestnut7'"`:     true,
		`psql -c "ALTER ROLE postgres PASSWORD 'Chestnut7'"`:          true,
		`disql /nolog -e "create user U identified by \"Chestnut7\""`: true,
		`psql postgres://postgres:Chestnut7@b/postgres`:               true,
		`sshpass -p Chestnut7 ssh b`:                                  true,
		`curl -u admin:Chestnut7 http://b/`:                           true,

		`disql /nolog`:                                                                  false,
		`- uses: actions/checkout@v5`:                                                   false,
		`SQL> conn SYSDBA/"password"@127.0.0.1:5236`:                                    false,
		`SQL> create user DRILL identified by "password"`:                               false,
		`dexp PARFILE=/home/dmdba/dexp.par`:                                             false,
		`psql "host=a,b port=5432 user=postgres passfile=/etc/pgpass"`:                  false,
		`psql -c "SELECT regexp_replace(setting, 'password *=.*', 'password=***')"`:     false,
		`psql -c "SHOW password_encryption"`:                                            false,
		`*:5432:*:postgres:<password>`:                                                  false,
		`su - dmdba -c '/mnt/DMInstall.bin -i'`:                                         false,
		`scp -r /opt/dmdbms/data/DRILL/bak/DB_DRILL_FULL_1 dm2:/opt/dmdbms/data/`:       false,
		`pg_basebackup -d "host=b-private user=postgres" -D $PGDATA.new -X stream -R`:   false,
		`docker run --network host -v /var/run/docker.sock:/var/run/docker.sock drills`: false,
	} {
		if got := exposes(command); got != want {
			t.Errorf("exposes(%s) = %v, want %v", command, got, want)
		}
	}
}

// TestPagesKeepPasswordsOffCommandLines reads every page that people follow.
func TestPagesKeepPasswordsOffCommandLines(t *testing.T) {
	read := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "out") {
			return errorOrSkip(err)
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, c := range commands(string(text)) {
			read++
			if exposes(c) {
				t.Errorf("%s shows a password to everybody on the host: %s", path, c)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 1000 {
		t.Errorf("%d commands were read: the pages are elsewhere", read)
	}
}

func errorOrSkip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}
