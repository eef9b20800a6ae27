package night

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cell is one drill of a night.
type Cell struct {
	// Name is unique in the night and the same in every night that asks for the same:
	// "<runbook>:15?mode=async#2" has the version 15, a parameter that was set, and the
	// trial 2.
	Name    string            `json:"cell"`
	Runbook string            `json:"runbook"`
	Product string            `json:"product"`
	Version string            `json:"version,omitempty"`
	Image   string            `json:"image,omitempty"`
	Params  map[string]string `json:"params,omitempty"` // that were set
	Trial   int               `json:"trial"`
	Trials  int               `json:"trials"`
	// Setup is a digest of Env, which is not written down, since it may hold secrets.
	Setup string            `json:"setup,omitempty"`
	Env   map[string]string `json:"-"`
	// Planned is how long people plan for the runbook.
	Planned time.Duration `json:"-"`
}

// Runbook is what the cells of a runbook depend on.
type Runbook struct {
	Name    string // with its product
	Product string
	Tiers   []string // that carry it out
	Planned time.Duration
	Params  []Param
}

// Param is a parameter of a runbook.
type Param struct {
	Name    string
	Allowed []string          // empty: anything
	Tiers   map[string]string // what it is where a whole tier is carried out
}

// Cells are the drills that the plan asks for, in its order: entry by entry, and in each
// version by version, runbook by runbook, parameters and trials last.
func (p Plan) Cells(known []Runbook) ([]Cell, error) {
	var all []Cell
	seen := map[string]bool{}
	for i, e := range p.Drills {
		cells, err := e.cells(known)
		if err != nil {
			return nil, fmt.Errorf("drills, entry %d (%s): %w", i+1, e.Product, err)
		}
		for _, c := range cells {
			if seen[c.Name] {
				return nil, fmt.Errorf("drills, entry %d: %s is asked for twice: use trials", i+1, c.Name)
			}
			seen[c.Name] = true
		}
		if all = append(all, cells...); len(all) > maxCells {
			return nil, fmt.Errorf("the night has more than %d cells", maxCells)
		}
	}
	return all, nil
}

func (e Entry) cells(known []Runbook) ([]Cell, error) {
	books, err := e.choose(known)
	if err != nil {
		return nil, err
	}
	if err := e.checkParams(books); err != nil {
		return nil, err
	}
	versions := e.Versions
	if len(versions) == 0 {
		versions = []Version{{}}
	}
	trials := max(e.Trials, 1)
	var all []Cell
	for _, v := range versions {
		for _, b := range books {
			for _, params := range e.settings(b) {
				for trial := 1; trial <= trials; trial++ {
					c := Cell{
						Runbook: b.Name, Product: b.Product, Version: v.Name, Image: v.Image, Params: params,
						Trial: trial, Trials: trials, Setup: setup(v.Env), Env: v.Env, Planned: b.Planned,
					}
					c.Name = c.name()
					if all = append(all, c); len(all) > maxCells {
						return all, nil // which is refused
					}
				}
			}
		}
	}
	return all, nil
}

// choose finds the runbooks that are named, or those of the tier.
func (e Entry) choose(known []Runbook) ([]Runbook, error) {
	var books []Runbook
	for _, name := range e.Runbooks {
		name = e.Product + "/" + strings.TrimPrefix(name, e.Product+"/")
		i := slices.IndexFunc(known, func(b Runbook) bool { return b.Name == name && b.Product == e.Product })
		if i < 0 {
			return nil, fmt.Errorf("runbooks: there is no %s: `drillbook list` names them", name)
		}
		books = append(books, known[i])
	}
	if e.Tier == "" {
		return books, nil
	}
	for _, b := range known {
		if b.Product == e.Product && slices.Contains(b.Tiers, e.Tier) {
			books = append(books, b)
		}
	}
	if len(books) == 0 {
		return nil, fmt.Errorf("the tier %q of the product %q has no runbooks: `drillbook list` names both", e.Tier,
			e.Product)
	}
	return books, nil
}

// checkParams refuses parameters that none of the runbooks has, and values that one of
// them does not allow.
func (e Entry) checkParams(books []Runbook) error {
	for _, name := range slices.Sorted(maps.Keys(e.Params)) {
		has := false
		for _, b := range books {
			i := slices.IndexFunc(b.Params, func(p Param) bool { return p.Name == name })
			if i < 0 {
				continue
			}
			has = true
			for _, v := range e.Params[name] {
				if allowed := b.Params[i].Allowed; len(allowed) > 0 && !slices.Contains(allowed, v) {
					return fmt.Errorf("params: %s: %s=%s: it may be %s", b.Name, name, v, strings.Join(allowed, ", "))
				}
			}
		}
		if !has {
			return fmt.Errorf("params: none of the runbooks has a parameter %q", name)
		}
	}
	return nil
}

// settings are all combinations of the entry's parameters that a runbook has.
func (e Entry) settings(b Runbook) []map[string]string {
	fixed := map[string]string{}
	all := []map[string]string{fixed}
	for _, p := range slices.SortedFunc(slices.Values(b.Params), func(p, q Param) int {
		return cmp.Compare(p.Name, q.Name)
	}) {
		values, given := e.Params[p.Name]
		if !given {
			if v, ok := p.Tiers[e.Tier]; ok {
				values = Values{v}
			}
		}
		if len(values) == 0 {
			continue
		}
		next := make([]map[string]string, 0, len(all)*len(values))
		for _, before := range all {
			for _, v := range values {
				params := maps.Clone(before)
				params[p.Name] = v
				next = append(next, params)
			}
		}
		all = next
	}
	return all
}

func (c Cell) name() string {
	name := c.Runbook
	if c.Version != "" {
		name += ":" + c.Version
	}
	if len(c.Params) > 0 {
		set := url.Values{}
		for k, v := range c.Params {
			set.Set(k, v)
		}
		name += "?" + set.Encode() // in the order of their names
	}
	return name + "#" + strconv.Itoa(c.Trial)
}

// Folder is a name for the cell's folder: short, fit for every file system, and unique.
func (c Cell) Folder() string {
	const most = 60
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, c.Name)
	sum := sha256.Sum256([]byte(c.Name))
	return plain[:min(len(plain), most)] + "-" + hex.EncodeToString(sum[:4])
}

// Digest tells nights apart: it is that of all their cells, in their order.
func Digest(cells []Cell) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, c := range cells {
		_ = enc.Encode(c) // a hash takes everything, and a cell is plain data
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

func setup(env map[string]string) string {
	if len(env) == 0 {
		return ""
	}
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(env)) {
		_, _ = fmt.Fprintf(h, "%q=%q\n", k, env[k]) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
