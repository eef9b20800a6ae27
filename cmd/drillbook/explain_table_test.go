package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	// latin is what stands in Chinese text as it is to be typed, or as the product names it.
	latin = regexp.MustCompile(`[A-Za-z$%^~./_#=:-]*[A-Za-z0-9][A-Za-z0-9$%^~./_#=:-]*`)
	// typed is what is no prose in English text.
	typed = regexp.MustCompile(
		`[A-Za-z0-9.]*[$%^~_#=/][A-Za-z0-9$%^~./_#=-]*|\b[A-Za-z]+\.[A-Za-z]+\b|\b[A-Z]{2,}[0-9]*\b`)
	// placeholders are what the reader is to put a name of their own for.
	placeholders = regexp.MustCompile(
		`NAME|HOST\b|PORT\b|ADDRESS|BITS|IFACE|\bDIR\b|\bFILE\b|\bCERT\b|\bKEY\b|VIEW|VALUE|\bUSER\b|PRIMARY|` +
			`STANDBY|YEARMONTH|OS authentication`)
)

func wordsOf(re *regexp.Regexp, text string) []string {
	var all []string
	for _, w := range re.FindAllString(text, -1) {
		if w = strings.ToLower(strings.Trim(w, ".:-=/")); len(w) > 1 && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// withoutHan is a text without Chinese characters.
func withoutHan(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Han, r) {
			return -1
		}
		return r
	}, text)
}

// TestExplanationsSayTheSame: what is to be typed, and every name, is in both languages.
func TestExplanationsSayTheSame(t *testing.T) {
	for _, p := range explained() {
		for _, x := range p.Table {
			en := strings.ToLower(x.Means.En + " " + x.Why.En + " " + x.Do.En)
			zh := strings.ToLower(withoutHan(x.Means.Zh + " " + x.Why.Zh + " " + x.Do.Zh))
			for _, w := range wordsOf(latin, x.Do.Zh) {
				if !strings.Contains(en, w) {
					t.Errorf("%s %v: %q is to be typed in Chinese only", p.Name, x.Keys, w)
				}
			}
			for _, w := range wordsOf(typed, placeholders.ReplaceAllString(x.Do.En, "")) {
				if !strings.Contains(zh, w) {
					t.Errorf("%s %v: %q is to be typed in English only", p.Name, x.Keys, w)
				}
			}
		}
	}
}
