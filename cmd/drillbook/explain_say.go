package main

import (
	"strings"

	"drillbook/fixtures/explain"
)

// entryJSON is an explanation as --json prints it.
type entryJSON struct {
	Product string `json:"product"`
	Code    string `json:"code"`            // or the kind of a wording
	Class   string `json:"class,omitempty"` // whose entry it is, if the code has none of its own
	Means   string `json:"means"`
	Do      string `json:"do"`
	Why     string `json:"why"`
	Lines   int    `json:"lines,omitempty"` // of a console that have it
	First   int    `json:"first,omitempty"` // of these
	Last    int    `json:"last,omitempty"`
}

// unknownJSON is a code that no table has.
type unknownJSON struct {
	Code  string   `json:"code"`
	Lines int      `json:"lines,omitempty"`
	First int      `json:"first,omitempty"`
	Last  int      `json:"last,omitempty"`
	Near  []string `json:"near"` // PRODUCT CODE
	Look  []string `json:"look"` // where else
}

// explainedJSON is what --json prints for codes.
type explainedJSON struct {
	Explanations []entryJSON   `json:"explanations"`
	Unknown      []unknownJSON `json:"unknown"`
}

// entry is a hit in the language of the reader.
func (e explainer) entry(h explain.Hit) entryJSON {
	lang := e.w.Lang
	x := entryJSON{
		Product: h.Product.Name, Code: h.Key, Means: h.Entry.Means.In(lang), Do: h.Entry.Do.In(lang),
		Why: h.Entry.Why.In(lang),
	}
	if h.IsClass() {
		x.Class = h.Entry.Keys[0]
	}
	return x
}

// unknown is what can be said of a code that no table has.
func (e explainer) unknown(code string) unknownJSON {
	u := unknownJSON{Code: code, Near: []string{}}
	near, of := explain.Near(code, e.among)
	for _, h := range near {
		u.Near = append(u.Near, h.Product.Name+" "+h.Key)
	}
	for _, p := range of {
		u.Look = append(u.Look, p.Title+": "+p.LookUp(code, e.w.Lang))
	}
	return u
}

// sayEntry is an explanation in the order in which it is needed: what it is, what to type,
// why.
func (e explainer) sayEntry(x entryJSON, title string) string {
	head := e.w.Say("explain.wording", "product", title, "means", x.Means)
	switch {
	case x.Class != "":
		head = e.w.Say("explain.class", "code", x.Code, "class", x.Class, "product", title, "means", x.Means)
	case explain.IsCode(x.Code):
		head = e.w.Say("explain.code", "code", x.Code, "product", title, "means", x.Means)
	}
	return head + "\n" + e.sayCure(x)
}

func (e explainer) sayCure(x entryJSON) string {
	return "  " + e.w.Say("explain.do", "do", x.Do) + "\n  " + e.w.Say("explain.why", "why", x.Why) + "\n"
}

// sayUnknown says that a code is not known, what is like it, and where to look.
func (e explainer) sayUnknown(u unknownJSON) string {
	var b strings.Builder
	b.WriteString(e.w.Say("explain.unknown", "code", u.Code, "near", strings.Join(u.Near, ", ")) + "\n")
	for _, where := range u.Look {
		b.WriteString("  " + e.w.Say("explain.look", "where", where) + "\n")
	}
	return b.String()
}
