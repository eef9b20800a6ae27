package main

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"drillbook/fixtures/explain"
)

// spellings are how products and people write a code; N is its digits or letters.
func spellings(product string) []string {
	common := []string{
		"N", " N ", "N:", "N.", "(N)", "'N'", "\"N\"", "“N”", "`N`", "N,", "【N】", "what does N mean?", "请看 N 。",
	}
	return slices.Concat(common, map[string][]string{
		"iris": {
			"#N", "#N:", "ERROR #N:", "error #N", "ERROR#N", "错误 #N：", "エラー #N: x", "[#N]", "＃N",
			"ERROR #N: Matching mirrored DB :mirror:A:B in member C/D", "I see '#N' here", "Error N",
		},
		"dm8": {
			"-N", "[-N]", "[-N]:", "［-N］：", "－N", "−N", "code=-N", "code = -N,", "CODE:[-N]",
			"CODE:[-N],DESC:[x]", "错误码：-N",
			"takeover failed, code=-N, see the log", "第1 行附近出现错误[-N]:无效", "got -N from it",
		},
		"postgres": {
			"SQLSTATE N", "SQLSTATE: N", "(SQLSTATE=N)", "sqlstate N", "ERROR:  N: could not", "错误:  N: x",
			"FATAL N: x",
			"[N] ERROR: could not", "ERROR: x (SQLSTATE N)",
		},
	}[product])
}

// TestExplainSpellings: each known code is found in each spelling, by the program itself.
func TestExplainSpellings(t *testing.T) {
	for _, p := range explained() {
		for _, key := range p.Table.Keys() {
			if !explain.IsCode(key) || key[0] == '<' {
				continue
			}
			for _, spelling := range spellings(p.Name) {
				text := strings.ReplaceAll(spelling, "N", strings.TrimLeft(key, "#-"))
				among := strings.ContainsAny(spelling, "请w") && !strings.ContainsAny(spelling, "#-")
				if len(strings.TrimLeft(key, "#-")) < len("1000") && among {
					continue // a small number among words is no code
				}
				if got := explain.Asked(text, []explain.Product{p}); !hits(got, p, key) {
					t.Errorf("%s %s: %q asks for %q", p.Name, key, text, got)
				}
			}
		}
	}
	for _, args := range [][]string{
		{"ERROR #2105:"},
		{"#2105:"},
		{"[-8400]:"},
		{"SQLSTATE 40001"},
		{"SQLSTATE", "40001"},
		{"-8400:"},
		{"ERROR", "#2105:", "x"},
		{"<protect>"},
		{"<PROTECT>Dismount+6^SYS.Database.1"},
		{"2105", "-8400,"},
		{"FATAL:  the database system is starting up"},
	} {
		if code, out, errs := explainedBy(t, "", args...); code != 0 || !strings.Contains(out, "Do: ") {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
	for _, args := range [][]string{
		{""},
		{" "},
		{"messages-2031.log"},
		{"99999999999999999999"},
		{"#"},
		{"[]"},
		{"nothing known"},
		{"2105", "nowhere.txt"},
	} {
		code, out, errs := explainedBy(t, "", args...)
		if code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

// hits reports whether one of what was asked for is the key.
func hits(asked []string, p explain.Product, key string) bool {
	return slices.ContainsFunc(asked, func(a string) bool {
		return slices.ContainsFunc(explain.Look(a, []explain.Product{p}), func(h explain.Hit) bool {
			return strings.EqualFold(h.Key, key)
		})
	})
}

// FuzzAsked: of any text nothing but codes and what is explained is taken, and a code with
// nothing but punctuation around it is always found.
func FuzzAsked(f *testing.F) {
	among := explained()
	f.Add("ERROR #", ":", uint(0))
	f.Add("", "", uint(7))
	f.Add("[", "]：\xff", uint(99))
	f.Add("<", ">", uint(3))
	f.Fuzz(func(t *testing.T, before, after string, n uint) {
		p := among[n%3]
		keys := slices.DeleteFunc(p.Table.Keys(), func(k string) bool { return !explain.IsCode(k) || k[0] == '<' })
		key := keys[n/3%uint(len(keys))]
		for _, text := range []string{before + key + after, before, after} {
			for _, asked := range explain.Asked(text, among) {
				if !explain.IsCode(asked) && len(explain.Look(asked, among)) == 0 {
					t.Errorf("%q asks for %q", text, asked)
				}
			}
		}
		punctuation := func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune("\"'`,;:.!?()[]{}：，。；！？（）［］【】“”‘’「」", r) {
				return r
			}
			return -1
		}
		text := strings.Map(punctuation, before) + key + strings.Map(punctuation, after)
		if got := explain.Asked(text, among); !hits(got, p, key) {
			t.Errorf("%q asks for %q and not for %s", text, got, key)
		}
	})
}
