package reports_test

import (
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/paper"
)

// browser is a Chromium with one page open.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex // guards all below
	requests []string
	errors   []string
}

// browserEnv names the Chromium that there must be, as in CI.
const browserEnv = "DRILLBOOK_BROWSER"

// browse starts a Chromium. Without one the test is skipped, unless there must be one.
func browse(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	program, err := paper.Find()
	if err != nil {
		if os.Getenv(browserEnv) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program.Path), chromedp.NoSandbox)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	b.do(chromedp.Navigate("about:blank"))
	b.enable()
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) enable() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, e.ExceptionDetails.Text)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// open shows a page that is rendered for it.
func (b *browser) open(render func(io.Writer) error) string {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "index.html")
	if err := os.WriteFile(file, []byte(rendered(b.t, render)), 0o600); err != nil {
		b.t.Fatal(err)
	}
	address := (&url.URL{Scheme: "file", Path: file}).String()
	b.do(chromedp.Navigate(address))
	return address
}

func evaluate[T any](b *browser, script string) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("%.80s: %v", script, err)
	}
	return got
}

func inBrowser(r reports.Run, lang string) func(io.Writer) error {
	return func(w io.Writer) error { return asHTML(w, r, lang) }
}

// Pages load nothing but themselves, throw nothing, and run no script but their own.
func TestBrowserLoadsNothing(t *testing.T) {
	b := browse(t)
	for name, r := range cases() {
		b.requests, b.errors = nil, nil
		address := b.open(inBrowser(r, "zh"))
		ran := evaluate[bool](b, `(() => {
			const s = document.createElement('script');
			s.textContent = 'window.second = 1';
			document.body.append(s); return 'second' in window; })()`)
		b.mu.Lock()
		if !slices.Equal(b.requests, []string{address}) || len(b.errors) > 0 || ran {
			t.Errorf("%s: requests %v, errors %v, a second script ran: %t", name, b.requests, b.errors, ran)
		}
		b.mu.Unlock()
		if !r.LacksDrills() && len(r.Drills) == 1 && evaluate[bool](b, `document.getElementById('explorer').hidden`) {
			t.Errorf("%s: the script of the page did not run to its end", name)
		}
	}
}

// The keyboard reaches every attempt that failed in the outage, one after another, and
// says what each was.
func TestBrowserReachesEveryAttempt(t *testing.T) {
	b := browse(t)
	r := run(quick(1).run())
	b.open(inBrowser(r, "en"))
	outage := r.Drills[0].Result.Downtime.Main
	var want []string
	for _, a := range r.Drills[0].Record.Attempts {
		failed := int(a.Stream) == outage.Stream && a.Outcome != record.Acked
		if failed && a.Intended >= outage.From && a.Intended <= outage.To {
			want = append(want, strconv.Itoa(int(a.Seq)))
		}
	}
	b.do(chromedp.Focus(chromedp.CSS("#attempts")), chromedp.KeyEvent("o"))
	got := make([]string, 0, len(want)+1)
	for range len(want) + 1 {
		got = append(got, evaluate[string](b, `document.getElementById('attempt').dataset.number`))
		b.do(chromedp.KeyEvent(kb.ArrowRight))
	}
	if len(want) < 80 || !slices.Equal(got[:len(want)], want) {
		t.Errorf("the keys reached %v, want %v", got, want)
	}
	told := evaluate[string](b, `document.getElementById('attempt').textContent`)
	for _, say := range []string{"Outcome", "Latency", "Was to leave", "Left", "Error", "Answered by", "Later"} {
		if !strings.Contains(told, say) {
			t.Errorf("an attempt does not say its %s: %s", say, told)
		}
	}
}

// Lost writes can be jumped to, and a drag zooms both pictures.
func TestBrowserJumpsAndZooms(t *testing.T) {
	b := browse(t)
	r := run(missed())
	b.open(inBrowser(r, "en"))
	b.do(chromedp.Focus(chromedp.CSS("#attempts")))
	lost := map[string]bool{}
	for range r.Drills[0].Result.Writes.Lost {
		b.do(chromedp.KeyEvent("l"))
		const where = `(({stream, number}) => stream + '/' + number)(document.getElementById('attempt').dataset)`
		lost[evaluate[string](b, where)] = true
		text := evaluate[string](b, `document.getElementById('attempt').textContent`)
		if !strings.Contains(text, "later lost") {
			t.Fatalf("a lost write says %s", text)
		}
	}
	for _, token := range r.Drills[0].Result.Writes.Lost {
		if key := strconv.Itoa(token.Stream) + "/" + strconv.Itoa(int(token.Seq)); !lost[key] {
			t.Errorf("the lost write %s was not jumped to", key)
		}
	}
	b.do(chromedp.KeyEvent("e"))
	first := evaluate[string](b, `document.getElementById('attempt').textContent`)
	if !strings.Contains(first, "connection reset by peer") {
		t.Errorf("the first error of clients is %s", first)
	}
	b.do(chromedp.KeyEvent("0"))
	before := evaluate[string](b, `document.getElementById('explorer-range').textContent`)
	box := evaluate[[]float64](b, `(() => { const p = document.querySelector('svg.moves'); p.scrollIntoView();
		const r = p.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	b.do(chromedp.DragAndDropXY(box[0]+box[2]*.4, box[1]+40, box[0]+box[2]*.6, box[1]+60))
	after := evaluate[string](b, `document.getElementById('explorer-range').textContent`)
	if before == after || !strings.Contains(before, "0:00.000 to 0:21.000") {
		t.Errorf("a drag changed what is shown from %q to %q", before, after)
	}
	wide := evaluate[float64](b, `Number(document.querySelector('svg.moves .moving .out').getAttribute('width'))`)
	if outage := 8.05 / 21 * 772; wide < 2*outage {
		t.Errorf("after the drag the outage is %.0f wide, want more than twice %.0f", wide, outage)
	}
}

// Rules of accessibility hold in light and dark, for every case, in both languages.
func TestBrowserIsAccessible(t *testing.T) {
	b := browse(t)
	rules, err := os.ReadFile("testdata/rules.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		b.emulate(scheme)
		for name, r := range cases() {
			for _, lang := range reports.Languages() {
				b.open(inBrowser(r, lang))
				b.evaluateOpenAll()
				for _, broken := range evaluate[[]string](b, string(rules)) {
					t.Errorf("%s, %s, %s: %s", name, lang, scheme, broken)
				}
			}
		}
	}
}

func (b *browser) evaluateOpenAll() {
	b.t.Helper()
	evaluate[bool](b, `document.querySelectorAll('details').forEach(d => { d.open = true; }), true`)
}

func (b *browser) emulate(scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// On a telephone no figure that decides lies outside of the screen.
func TestBrowserOnATelephone(t *testing.T) {
	b := browse(t)
	b.do(chromedp.EmulateViewport(390, 844))
	for name, r := range cases() {
		b.open(inBrowser(r, "zh"))
		outside := evaluate[[]string](b, `[...document.querySelectorAll(
			'.word,p.line,.reasons li,.figures dd,.rows td,.rows th[scope=row],.entry p')].filter(e => {
				const r = e.getBoundingClientRect();
				return e.checkVisibility() && !e.closest('thead') &&
					(r.left < 0 || r.right > 390.5 || e.scrollWidth > e.clientWidth + 1);
			}).map(e => e.outerHTML.slice(0, 100))`)
		if len(outside) > 0 {
			t.Errorf("%s: outside of the screen: %v", name, outside)
		}
		if wide := evaluate[int](b, `document.documentElement.scrollWidth`); wide > 390 {
			t.Errorf("%s: the page is %d wide", name, wide)
		}
		const rows = `[...document.querySelectorAll('.rows tbody tr')].filter(r => r.checkVisibility())`
		first := evaluate[bool](b, rows+`.every(r => {
			const mark = r.querySelector('td.mark');
			return !mark || [...r.children].every(c => c.getBoundingClientRect().height === 0 ||
				c.getBoundingClientRect().top >= mark.getBoundingClientRect().top); })`)
		if !first {
			t.Errorf("%s: a row does not begin with its outcome", name)
		}
	}
}

// Without its script the page says the same.
func TestBrowserWithoutScript(t *testing.T) {
	b := browse(t)
	r := run(missed())
	address := b.open(inBrowser(r, "en"))
	read := func() string {
		var all strings.Builder
		for _, sel := range []string{"dl.figures", ".verdict", ".rows", "svg.chart .moving"} {
			html, err := chromedp.Run(b.ctx, chromedp.OuterHTML(chromedp.CSS(sel)))
			if err != nil {
				t.Fatalf("%s: %v", sel, err)
			}
			all.WriteString(html)
		}
		return all.String()
	}
	with := read()
	off := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(address))
	if without := read(); without != with || len(with) < 1000 {
		t.Errorf("without its script the page shows other figures:\n%.500s\nwant\n%.500s", without, with)
	}
	hidden, err := chromedp.Run(b.ctx, chromedp.Attributes(chromedp.CSS("#explorer")))
	if _, ok := hidden["hidden"]; err != nil || !ok {
		t.Errorf("without a script there are its buttons: %v, %v", hidden, err)
	}
}
