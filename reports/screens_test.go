package reports_test

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports"
)

// screensTo names the folder that pictures of the pages go to (`make screens`).
const screensTo = "DRILLBOOK_SCREENS"

// The widths of a desk's screen and of a telephone.
const (
	desk, telephone = 1280, 390
)

// shown are the runs that pictures are of.
func shown() map[string]reports.Run {
	all := map[string]reports.Run{
		"met":          run(quick(1).run()),
		"missed":       run(lossy()),
		"unmeasurable": run(unmeasurable()),
		"split":        run(split()),
		"stand-in":     run(onStandIn()),
		"trials":       run(tenTrials()...),
	}
	for _, r := range all {
		for _, d := range r.Drills {
			d.Record.Head.Source = "“Configuring synchronous mirror servers”, section 10"
			d.Record.Head.Sources = record.Text{"en": d.Record.Head.Source, "zh": "《同步镜像服务器的配置》第 10 节"}
		}
	}
	return all
}

// lossy is a drill that missed its promise by lost writes alone.
func lossy() *record.Record {
	w := quick(2).world()
	w.lost = func(a record.Attempt) bool { return a.Member == 1 && a.Done > 5600*ms && a.Done < 7*sec }
	w.run()
	w.readBack("pg2")
	return &w.rec
}

// onStandIn is a drill that was met on a stand-in.
func onStandIn() *record.Record {
	rec := quick(8).run()
	said := phrase.Say("drillbook's own program in the place of DM8; its clocks run %s times as fast", "10")
	rec.Head.Product, rec.Head.System, rec.Head.StandIn = "dm8", "Dameng DM8", said.Text
	if rec.Phrases == nil {
		rec.Phrases = map[string]phrase.Phrase{}
	}
	rec.Phrases[said.Text] = said
	return rec
}

// tenTrials are trials of one drill, two of which took too long.
func tenTrials() []*record.Record {
	const n = 10
	recs := make([]*record.Record, 0, n)
	for i := range n {
		f := quick(uint64(21 + i))
		if i%4 == 3 {
			f.served += 900 * ms
		}
		w := f.world()
		w.rec.Head.Trial, w.rec.Head.Trials = i+1, n
		w.rec.Head.Promise.RTO = sec
		w.run()
		w.readBack("pg2")
		recs = append(recs, &w.rec)
	}
	return recs
}

// written writes all of a run that Chromium makes paper of, and returns the folder.
func written(t *testing.T, r reports.Run, lang string) string {
	t.Helper()
	dir := t.TempDir()
	if err := reports.Write(dir, r, lang); err != nil {
		t.Fatal(err)
	}
	how := reports.Sheets{Lang: lang, Formats: []reports.Format{reports.PDF}}
	if err := reports.WriteSheets(t.Context(), dir, r, how); err != nil {
		t.Fatal(err)
	}
	return dir
}

// visit shows a file as wide as a screen, in a style.
func (b *browser) visit(file string, width int, scheme string) {
	b.t.Helper()
	b.emulate(scheme)
	address := url.URL{Scheme: "file", Path: file}
	b.do(chromedp.EmulateViewport(int64(width), 900), chromedp.Navigate(address.String()))
}

// screen is a picture of the whole page that is shown.
func (b *browser) screen() *image.RGBA {
	b.t.Helper()
	const lossless = 100
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(lossless))
	if err != nil {
		b.t.Fatal(err)
	}
	return decoded(b.t, shot)
}

func decoded(t *testing.T, b []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all := image.NewRGBA(img.Bounds())
	draw.Draw(all, all.Rect, img, img.Bounds().Min, draw.Src)
	return all
}

// cutTexts has the browser look for text that does not fit where it stands, or that stands
// on other text.
const cutTexts = `(() => {
	const wrong = [], seen = e => e.checkVisibility() && e.getClientRects().length > 0 && e.clientWidth !== 1;
	for (const e of document.querySelectorAll('th,td,dd,dt,p,li,h1,h2,h3,button,a:not(.skip),summary')) {
		const style = getComputedStyle(e), cuts = style.overflowX !== 'visible' && style.overflowX !== 'auto';
		if (seen(e) && (e.scrollWidth > e.clientWidth + 1 && cuts || e.getBoundingClientRect().left < -1)) {
			wrong.push('cut: ' + e.textContent.slice(0, 60));
		}
	}
	for (const picture of document.querySelectorAll('svg')) {
		if (!seen(picture)) continue;
		const frame = picture.getBoundingClientRect();
		const texts = [...picture.querySelectorAll('text')].filter(t => t.textContent.trim() && seen(t));
		const boxes = texts.map(t => t.getBoundingClientRect());
		texts.forEach((t, i) => {
			const a = boxes[i];
			if (a.left < frame.left - 1 || a.right > frame.right + 1) wrong.push('out: ' + t.textContent.slice(0, 60));
			boxes.slice(i + 1).forEach((b, n) => {
				const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
				const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
				const other = texts[i + 1 + n].textContent;
				if (wide > 2 && high > 3) wrong.push('on text: ' + t.textContent + ' | ' + other);
			});
		});
	}
	return wrong;
})()`

// TestBrowserCutsNoText: on a desk and on a telephone no text is cut off or stands on another
// one, whatever came of the drill.
func TestBrowserCutsNoText(t *testing.T) {
	b := browse(t)
	for name, r := range shown() {
		for _, lang := range reports.Languages() {
			dir := t.TempDir()
			if err := reports.Write(dir, r, lang); err != nil {
				t.Fatal(err)
			}
			for _, width := range []int{desk, telephone} {
				b.visit(filepath.Join(dir, reports.PageFile), width, "light")
				b.evaluateOpenAll()
				for _, wrong := range evaluate[[]string](b, cutTexts) {
					t.Errorf("%s, %s, %d wide: %s", name, lang, width, wrong)
				}
				if wide := evaluate[int](b, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("%s, %s: the page is %d wide on a screen of %d", name, lang, wide, width)
				}
			}
		}
	}
}

// TestScreens makes the pictures of docs/: of each run and language one sheet with the page on
// a desk and on a telephone, light and dark, and on paper, in colour and in grey.
func TestScreens(t *testing.T) {
	to := os.Getenv(screensTo)
	if to == "" {
		t.Skip("make screens does it")
	}
	needs(t, "pdftoppm")
	for name, r := range shown() {
		for _, lang := range reports.Languages() {
			t.Run(name+" "+lang, func(t *testing.T) {
				dir := written(t, r, lang)
				screens := onScreens(t, filepath.Join(dir, reports.PageFile), filepath.Join(to, "whole", name+"."+lang))
				pages := onPaper(t, filepath.Join(dir, r.Drills[0].Name))
				all := placed([][]*image.RGBA{screens, slices.Concat(pages, greyed(pages))})
				save(t, filepath.Join(to, "pages", name+"."+lang+".png"), paletted(all))
			})
		}
	}
	t.Run("front", func(t *testing.T) { frontPictures(t, browse(t), to) })
}

// onScreens are a page on a desk, at half its size, and on a telephone, in light and dark.
func onScreens(t *testing.T, file, whole string) []*image.RGBA {
	t.Helper()
	const most = 1500
	b := browse(t)
	all := make([]*image.RGBA, 0, 4)
	for _, width := range []int{desk, telephone} {
		for _, scheme := range []string{"light", "dark"} {
			b.visit(file, width, scheme)
			img := b.screen()
			keep(t, whole+"."+strconv.Itoa(width)+"."+scheme+".png", img)
			if width == desk {
				img = halved(img)
			}
			all = append(all, top(img, most))
		}
	}
	return all
}

// keep writes a whole picture as it is where there is a folder for it: docs/ has none, whoever
// looks for what is wrong makes one elsewhere.
func keep(t *testing.T, file string, img image.Image) {
	t.Helper()
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		save(t, file, img)
	}
}

// frontPictures are those of README.md and README.zh.md.
func frontPictures(t *testing.T, b *browser, to string) {
	t.Helper()
	const width, most = 1000, 1500
	for lang, name := range map[string]string{"en": "report.png", "zh": "report.zh.png"} {
		dir := written(t, shown()["met"], lang)
		b.visit(filepath.Join(dir, reports.PageFile), width, "light")
		save(t, filepath.Join(to, name), paletted(top(b.screen(), most)))
	}
}

// onPaper are the pages of the printed sheet in the folder of a drill.
func onPaper(t *testing.T, folder string) []*image.RGBA {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "sheet*.pdf"))
	if err != nil || len(found) != 1 {
		t.Fatalf("printed sheets in %s: %v, %v, want one", folder, found, err)
	}
	pdf, base := found[0], filepath.Join(t.TempDir(), "page")
	out, err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "74", "-png", pdf, base).CombinedOutput()
	if err != nil {
		t.Fatalf("pdftoppm %s: %v\n%s", pdf, err, out)
	}
	files, err := filepath.Glob(base + "*.png")
	if err != nil || len(files) == 0 || len(files) > 2 {
		t.Fatalf("%s has %d pages, want one or two: %v", pdf, len(files), err)
	}
	pages := make([]*image.RGBA, 0, len(files))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, decoded(t, text))
	}
	return pages
}

// greyed are pictures as a printer without colours makes them.
func greyed(all []*image.RGBA) []*image.RGBA {
	grey := make([]*image.RGBA, 0, len(all))
	for _, img := range all {
		g, back := image.NewGray(img.Rect), image.NewRGBA(img.Rect)
		draw.Draw(g, g.Rect, img, img.Rect.Min, draw.Src)
		draw.Draw(back, back.Rect, g, g.Rect.Min, draw.Src)
		grey = append(grey, back)
	}
	return grey
}
