package runbooks

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// An Error says what is wrong with a runbook, where, and what to do.
type Error struct {
	File string
	Line int // from 1
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// LoadOwn reads the runbooks of a person's own folder. A page may be in one language alone,
// which then stands for the others, too; what a step of a known runbook is called in them is
// known.
func LoadOwn(fsys fs.FS, known Library) (Library, error) { return load(fsys, known) }

// Load reads all runbooks of a folder: every product/name.md with its other
// languages. Names with a leading dot are what editors and file systems leave;
// they are passed over. On error, which joins an [Error] for each thing that is wrong,
// there is no library.
func Load(fsys fs.FS) (Library, error) { return load(fsys, nil) }

// load reads a folder; known, if not nil, are the runbooks of which pages may be others.
func load(fsys fs.FS, known Library) (Library, error) {
	files, err := fs.Glob(fsys, "*/*.md")
	if err != nil {
		return nil, fmt.Errorf("list runbooks: %w", err)
	}
	pages := map[string]map[string]*page{} // by name and language
	sums := map[string]string{}            // of the texts, by name and language
	var wrong []error
	for _, file := range files {
		name, lang := nameOf(file)
		if name == "" {
			continue
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("read runbook: %w", err))
			continue
		}
		sums[name+" "+lang] = fmt.Sprintf("%x", sha256.Sum256(normalize(text)))
		p, err := parse(file, text)
		wrong = append(wrong, err)
		if pages[name] == nil {
			pages[name] = map[string]*page{}
		}
		pages[name][lang] = p
	}
	var lib Library
	for name, langs := range pages {
		b, err := pair(name, alone(langs, known))
		wrong = append(wrong, err)
		b.nameAs(known, langs)
		b.Sums = map[string]string{}
		for lang := range langs {
			b.Sums[lang] = sums[name+" "+lang]
		}
		lib = append(lib, b)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if len(lib) == 0 {
		return nil, errors.New("there are no runbooks: a runbook is <product>/<name>.md")
	}
	slices.SortFunc(lib, func(a, b Runbook) int { return strings.Compare(a.Name, b.Name) })
	return lib, nil
}

// nameOf splits "postgres/lost-primary.zh.md" into name and language. A file
// that is no runbook has no name.
func nameOf(file string) (name, lang string) {
	base := strings.TrimSuffix(path.Base(file), ".md")
	if strings.EqualFold(base, "README") || strings.HasPrefix(file, ".") || strings.HasPrefix(base, ".") {
		return "", ""
	}
	lang = Languages()[0]
	if stem, l, ok := strings.Cut(base, "."); ok {
		base, lang = stem, l
	}
	return path.Join(path.Dir(file), base), lang
}

// alone has the one language of a person's own page stand for all.
func alone(langs map[string]*page, known Library) map[string]*page {
	if known == nil || len(langs) != 1 {
		return langs
	}
	all := map[string]*page{}
	for lang, p := range langs {
		if !slices.Contains(Languages(), lang) {
			return langs // which is wrong
		}
		for _, l := range Languages() {
			all[l] = p
		}
	}
	return all
}

// nameAs gives steps and rows of a page in one language the titles that they have in the
// others, where the runbook of that name has them, too.
func (b *Runbook) nameAs(known Library, langs map[string]*page) {
	i := slices.IndexFunc(known, func(k Runbook) bool { return k.Name == b.Name })
	if i < 0 || len(langs) != 1 {
		return
	}
	for lang := range langs {
		for n := range b.Steps {
			s := &b.Steps[n]
			at := slices.IndexFunc(known[i].Steps, func(k Step) bool { return k.Title[lang] == s.Title[lang] })
			if at < 0 {
				continue
			}
			same := known[i].Steps[at]
			s.Title = same.Title
			for r := range s.Rows {
				at := slices.IndexFunc(same.Rows, func(k Row) bool { return k.Title[lang] == s.Rows[r].Title[lang] })
				if at >= 0 {
					s.Rows[r].Title = same.Rows[at].Title
				}
			}
		}
	}
}

// pair makes one runbook of its languages, which must agree.
func pair(name string, langs map[string]*page) (Runbook, error) {
	first := Languages()[0]
	main, ok := langs[first]
	if !ok {
		for lang := range langs {
			return Runbook{}, &Error{
				name + "." + lang + ".md",
				1,
				name + ".md is missing: write the runbook in English too",
			}
		}
	}
	for lang, p := range langs {
		if p == nil || main == nil {
			return Runbook{}, nil // what is wrong with it has been said
		}
		if !slices.Contains(Languages(), lang) {
			return Runbook{}, &Error{
				p.file,
				1,
				fmt.Sprintf("%q is no language of runbooks; they are %s", lang, strings.Join(Languages(), ", ")),
			}
		}
	}
	b := main.runbook(name)
	var wrong []error
	for _, lang := range Languages()[1:] {
		other, ok := langs[lang]
		if !ok {
			wrong = append(
				wrong,
				&Error{
					main.file,
					1,
					fmt.Sprintf("%s.%s.md is missing: write the same steps in that language", name, lang),
				},
			)
			continue
		}
		wrong = append(wrong, agree(main, other))
		b.add(lang, other)
	}
	return b, errors.Join(wrong...)
}

// agree reports where two languages of a runbook differ in what is not words.
func agree(a, b *page) error {
	var wrong []error
	differ := func(line int, what string) {
		wrong = append(wrong,
			&Error{b.file, line, fmt.Sprintf("%s differs from %s: make them the same", what, a.file)})
	}
	if !a.front.equal(&b.front) {
		differ(1, "the front matter")
	}
	if len(a.steps) != len(b.steps) {
		differ(b.lastLine(), fmt.Sprintf("the number of steps, %d against %d,", len(b.steps), len(a.steps)))
	}
	for i := range min(len(a.steps), len(b.steps)) {
		s, t := a.steps[i], b.steps[i]
		if !sameDuration(s.planned, t.planned) || !sameDuration(s.allowed, t.allowed) || s.consent != t.consent ||
			s.blank != t.blank {
			differ(t.line, fmt.Sprintf("the line of attributes of step %d", t.number))
		}
		if !sameCommands(s, t) {
			differ(t.line, fmt.Sprintf("what step %d has run", t.number))
		}
		if (s.consequence == "") != (t.consequence == "") {
			differ(t.line, fmt.Sprintf("whether step %d says its consequence", t.number))
		}
		differInForm(s, t, differ)
	}
	return errors.Join(wrong...)
}

func (p *page) runbook(name string) Runbook {
	lang := Languages()[0]
	b := Runbook{
		Name: name, Title: Text{lang: p.title}, Intro: Text{lang: p.intro},
		RTO: p.front.rto, RPO: p.front.RPO, Source: Text{}, Needs: p.front.Needs,
		Params: p.front.params(), Split: p.front.Split, Stale: p.front.Stale,
	}
	for _, s := range p.steps {
		one := Step{
			Number: s.number, Title: Text{}, Comment: Text{}, Body: Text{}, Where: Text{}, Consequence: Text{},
			Planned: s.planned, Allowed: s.allowed, Consent: s.consent, Blank: s.blank,
		}
		if s.group != nil {
			one.Group = &Group{Title: Text{}, Comment: Text{}}
		}
		for _, c := range s.commands {
			one.Commands = append(one.Commands,
				Command{c.on, c.shell, c.script, c.row, fmt.Sprintf("%s:%d", p.file, c.line)})
		}
		for range s.rows {
			one.Rows = append(one.Rows, Row{Title: Text{}, Comment: Text{}, Where: Text{}})
		}
		b.Steps = append(b.Steps, one)
	}
	b.add(lang, p)
	return b
}

// add puts the words of a language into the runbook.
func (b *Runbook) add(lang string, p *page) {
	b.Title[lang], b.Intro[lang], b.Source[lang] = p.title, p.intro, p.front.Source
	for i := range min(len(b.Steps), len(p.steps)) {
		s, t := &b.Steps[i], p.steps[i]
		s.Title[lang], s.Comment[lang], s.Body[lang] = t.title, t.comment, t.body
		s.Consequence[lang] = t.consequence
		s.Where[lang] = fmt.Sprintf("%s:%d", p.file, t.line)
		if s.Group != nil && t.group != nil {
			s.Group.Title[lang], s.Group.Comment[lang] = t.group.title, t.group.comment
		}
		for n := range min(len(s.Rows), len(t.rows)) {
			row := t.rows[n]
			s.Rows[n].Title[lang], s.Rows[n].Comment[lang] = row.title, row.comment
			s.Rows[n].Where[lang] = fmt.Sprintf("%s:%d", p.file, row.line)
		}
	}
}
