package drillbook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"drillbook/runbooks"
)

// headings000 are all headings of seed 000, in its order.
func headings000() []string {
	return []string{
		"配置前的准备",
		"规划网络连接",
		"在所有的镜像成员启动ISCAgent服务",
		"在Mirror的所有成员上启动ISCAgent",
		"Arbiter(仲裁服务)",
		"准备服务器的SSL/TLS证书",
		"增加gmheap的大小",
		"Mirror的配置",
		"1. 启动Mirror服务",
		"2. 创建镜像，添加主成员",
		"镜像的设置",
		"主镜像成员信息",
		"检查配置结果",
		"常见的故障",
		"3. 添加Backup镜像成员",
		"4. 添加异步(Async)成员",
		"把数据库添加进Mirror",
		"创建新的镜像数据库",
		"将已有的数据库加入镜像",
		"其他的镜像操作",
		"把数据库移出镜像",
		"删除非主镜像成员",
		"删除镜像",
		"Demote and Promote",
		"断开连接/开始连接镜像成员",
		"END",
		"Appendix: 删除镜像配置",
		"1. 删除Async成员",
		"2 移除备份failover成员",
		"3 移除主failover成员",
		"4. 移除镜像数据库",
		"5.",
		"问题： 在primary删除VIP， 操作系统上的vip会被删除吗？",
		"在虚拟环境下配置镜像操作",
		"10 同步镜像服务器的配置",
		"Mirror WRC",
	}
}

// rows000 are the rows of its table for testing a failover; the one without words is "(no words)".
func rows000() []string {
	return []string{
		"测试准备",
		"Primary Failover Member (主用服务器)配置及状态检查",
		"内存，高级内存，硬盘分配配置检查，数据库配置检查.",
		"系统仪表板及各命名空间的系统监视器，产品监视器中的告警和错误，",
		"Ensemble production 自启动",
		"Mirror配置",
		"Mirror状态",
		"主备服务器一致性检查， 包括：",
		"Journal配置；task 配置； SQL gateway 配置； User, Role, and resource配置",
		"产品自启动",
		"loaded HL7 v2, XML and other schemas",
		"数据库Global mapping, package mapping, routine mapping",
		"CSP server配置",
		"连接性检查",
		"所有外部系统到HealthConnect的连接配置使用 HealthConnect mirror virtual IP " +
			"address, not any IP address of any failover member.",
		"产品类或routine中如果有读取/写入磁盘文件的地方，确保两个服务器操作系统上的文件路径一致并可用。",
		"主机任何写入磁盘文件，本机或单独设备的内容，确认是否已经同步到，或者需要同步到备用server.",
		"测试执行",
		"Turn on CACHETRM logging",
		"执行Server01到Server02的切换",
		"Run Functional Validation Tests (server02 is Primary)",
		"检查server01状态",
		"(no words)",
		"Final Check and Tasks",
		"Run TrakCare Functional Validation Tests (VM3 is Primary)",
		"Check status of 主机和备机",
		"Check status of mirror状态（双机同步)",
		"检查外部连接，接口Functional测试",
		"Steps - Failback Strategy to Original State",
		"Turn on CACHETRM logging",
		"设置server01为primary",
		"Total",
	}
}

// empty are the headings of seed 000 that have no procedure below them.
func empty() []string {
	return []string{"END", "5.", "Mirror WRC", "“can't access mirror-journal”"}
}

// later are the runbooks that are still to be written.
func later() []string {
	return nil
}

var open = regexp.MustCompile(`open: ([a-z]+/[a-z-]+)`)

// TestAllOfSeed000IsCarriedOutOrOpen reads both tables of docs/seeds.md on it.
func TestAllOfSeed000IsCarriedOutOrOpen(t *testing.T) {
	lib, part := seedPart(t, "Seed 000: InterSystems IRIS mirroring")
	for _, table := range []struct {
		head string
		want []string
	}{{"section", headings000()}, {"row", rows000()}} {
		rows := tableRows(t, part, table.head)
		words := make([]string, 0, len(rows))
		for _, r := range rows {
			words = append(words, r[0])
			checkEntry(t, lib, r[0], r[2])
		}
		if diff := firstDifference(words, table.want); diff != "" {
			t.Errorf("the table of docs/seeds.md that begins with %q: %s", table.head, diff)
		}
	}
}

// TestPlannedTimesOfSeed000AddUp: its table plans 41 minutes.
func TestPlannedTimesOfSeed000AddUp(t *testing.T) {
	lib, _ := seedPart(t, "Seed 000: InterSystems IRIS mirroring")
	book, err := lib.Get("iris/planned-switch-and-failback")
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	for _, s := range book.Steps {
		if s.Planned != nil {
			sum += *s.Planned
		}
	}
	if want := 41 * time.Minute; sum != want {
		t.Errorf("its steps plan %v, want %v", sum, want)
	}
}

// TestFormOfSeed000HasItsRows: the Chinese page has the groups and rows of the table, in its
// order, and in its words as far as punctuation goes.
func TestFormOfSeed000HasItsRows(t *testing.T) {
	lib, _ := seedPart(t, "Seed 000: InterSystems IRIS mirroring")
	book, err := lib.Get("iris/planned-switch-and-failback")
	if err != nil {
		t.Fatal(err)
	}
	var form []string
	for _, s := range book.Steps {
		if s.Group != nil {
			form = append(form, s.Group.Title.In("zh"))
		}
		if s.Blank {
			form = append(form, "(no words)")
			continue
		}
		form = append(form, s.Title.In("zh"))
		for _, r := range s.Rows {
			form = append(form, r.Title.In("zh"))
		}
	}
	want := rows000()
	want = want[:len(want)-1] // without the total
	if len(form) != len(want) {
		t.Fatalf("the form has %d rows, not %d: %q", len(form), len(want), form)
	}
	for i := range want {
		if got, want := letters(
			form[i],
		), letters(
			want[i],
		); !strings.HasPrefix(got, want) &&
			!strings.HasPrefix(want, got) {
			t.Errorf("row %d is %q, not %q", i+1, form[i], rows000()[i])
		}
	}
}

// letters are the letters and figures of a text.
func letters(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, text)
}

// checkEntry makes sure that what is said of an entry is so.
func checkEntry(t *testing.T, lib runbooks.Library, entry, cell string) {
	t.Helper()
	steps, named := carried.FindAllStringSubmatch(cell, -1), open.FindAllStringSubmatch(cell, -1)
	for _, m := range steps {
		if m[1] != m[2] {
			t.Errorf("%s: %s leads to %s", entry, m[1], m[2])
		}
		checkSteps(t, lib, entry, m[1], m[3])
	}
	for _, m := range named {
		if !slices.Contains(later(), m[1]) {
			t.Errorf("%s: %s is none of the runbooks that are still to be written", entry, m[1])
		}
		if _, err := lib.Get(m[1]); err == nil {
			t.Errorf("%s: %s is there, and not open: name its steps", entry, m[1])
		}
	}
	nothing := strings.HasPrefix(cell, "nothing: ")
	if none := len(steps)+len(named) == 0; none != nothing || nothing && !slices.Contains(empty(), entry) {
		t.Errorf("%s: neither a step nor what is open: %s", entry, cell)
	}
}

// TestListsOfSeed000AreTheDocuments reads the document itself, where there is one: SEEDS is the
// folder that it is in.
func TestListsOfSeed000AreTheDocuments(t *testing.T) {
	dir := os.Getenv("SEEDS")
	if dir == "" {
		t.Skip("SEEDS names no folder with the seeds")
	}
	files, err := filepath.Glob(filepath.Join(dir, "000_*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("seed 000 in %s: %v, %v", dir, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	headings, rows := read000(string(text))
	if diff := firstDifference(headings000(), headings); diff != "" {
		t.Errorf("headings: %s", diff)
	}
	if diff := firstDifference(rows000(), rows); diff != "" {
		t.Errorf("rows of the table: %s", diff)
	}
}

// read000 returns the headings of the document, and the rows of the table in its section 10.
func read000(text string) (headings, rows []string) {
	heading, fenced, last := regexp.MustCompile(`^#+ +(.*)$`), false, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		switch m := heading.FindStringSubmatch(line); {
		case fenced:
		case m != nil:
			last = plain(m[1])
			headings = append(headings, last)
		case strings.HasPrefix(last, "10 ") && strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "| ---"):
			rows = append(rows, row000(line))
		}
	}
	return headings, rows
}

// row000 is what a row of the table is called.
func row000(line string) string {
	const words, downtime = 0, 2
	cells := strings.Split(strings.Trim(line, "|"), "|")
	switch {
	case plain(cells[words]) != "":
		return plain(cells[words])
	case len(cells) > downtime && plain(cells[downtime]) != "": // of the total
		return plain(cells[downtime])
	}
	return "(no words)"
}

// plain is a text without emphasis and doubled blanks.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "**", "")), " ")
}

// firstDifference tells where two lists part; "" if they do not.
func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("entry %d is %q, not %q", i+1, g, w)
		}
	}
	return ""
}
