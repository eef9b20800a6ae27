// Package paper prints pages of HTML to PDF. A browser does it, so that paper and screen
// have one layout; where there is none, nothing is printed, and the error says what to
// install.
package paper

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"drillbook/harness/phrase"
)

// ErrNoBrowser is wrapped if there is no browser that can print.
var ErrNoBrowser = phrase.Errorf("no Chromium found, which makes the PDF files")

// ErrBroken is wrapped if the browser hangs or crashes, as it would with the next page.
var ErrBroken = phrase.Errorf("the browser is broken: try it by hand, or name another one in %s", Variable)

// Variable names the browser where it is not found by itself.
const Variable = "DRILLBOOK_BROWSER"

// Limit is how long a browser may take for a page: on a busy machine it starts for half of that.
const Limit = 2 * time.Minute

// Printer is a browser that prints.
type Printer struct {
	Path  string
	Limit time.Duration // for each page
}

// Find finds a browser of the Chromium family.
func Find() (Printer, error) {
	if path := os.Getenv(Variable); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return Printer{}, phrase.Errorf("%w: %s: %w", ErrNoBrowser, Variable, err)
		}
		return Printer{found, Limit}, nil
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if found, err := exec.LookPath(name); err == nil {
			return Printer{found, Limit}, nil
		}
	}
	return Printer{}, phrase.Errorf("%w: %s, or name one in %s", ErrNoBrowser, Install(), Variable)
}

// Install says how to get what prints, with a font that has Chinese.
func Install() string {
	if runtime.GOOS == "darwin" {
		return "install Google Chrome"
	}
	return "apt-get install -y --no-install-recommends chromium fonts-noto-cjk"
}

// Print prints a page. The browser has ended when it returns, and so have all processes
// that it started.
func (p Printer) Print(ctx context.Context, html []byte) (pdf []byte, err error) {
	dir, err := os.MkdirTemp("", "drillbook-paper-")
	if err != nil {
		return nil, phrase.Errorf("print: %w", err)
	}
	defer func() {
		if removing := os.RemoveAll(dir); err == nil && removing != nil {
			err = phrase.Errorf("print: %w", removing)
		}
	}()
	page, out := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(page, html, 0o600); err != nil {
		return nil, phrase.Errorf("print: %w", err)
	}
	if err := p.run(ctx, dir, page, out); err != nil {
		return nil, err
	}
	pdf, err = os.ReadFile(out) //nolint:gosec // it is ours
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
		return nil, phrase.Errorf("print: %s has ended without a whole PDF", p.Path)
	}
	return pdf, nil
}

// run lets the browser print, and ends it with all that it started.
func (p Printer) run(ctx context.Context, dir, page, out string) error {
	ctx, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	args := []string{
		"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--no-pdf-header-footer", "--print-to-pdf=" + out,
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // which Chromium refuses to make for root
	}
	address := url.URL{Scheme: "file", Path: page}
	args = append(args, address.String())
	cmd := exec.CommandContext(ctx, p.Path, args...) //nolint:gosec // Find or the user names it
	var said bytes.Buffer
	cmd.Stderr, cmd.Dir = &said, dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.Process != nil { // its helpers, if it ended before them
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return phrase.Errorf("print: %s did not end within %s and was killed: %w", p.Path, p.Limit, ErrBroken)
	case ctx.Err() != nil:
		return phrase.Errorf("print: %w", context.Cause(ctx))
	case err != nil:
		last := phrase.Quote(lastLine(said.String()))
		if last.Text == "" {
			last = phrase.Say("it said nothing")
		}
		return phrase.Errorf("print: %s: %w: %s: %w", p.Path, err, last, ErrBroken)
	}
	return nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	const most = 200
	s = s[strings.LastIndexByte(s, '\n')+1:]
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}

// Pages counts the pages of a PDF that a browser made.
func Pages(pdf []byte) int {
	return len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(pdf, -1))
}

// ChineseFont names a font that has Chinese; known is false if nobody can tell.
func ChineseFont(ctx context.Context) (name string, known bool) {
	if runtime.GOOS != "linux" {
		return "", false // the system has one
	}
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "fc-list", ":lang=zh-cn", "family").Output()
	if err != nil {
		return "", false
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), true
}
