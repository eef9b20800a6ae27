package main

import (
	"context"
	"strconv"

	"drillbook/harness/host/container"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios"
)

// examineSettings looks at what users set for products: images of their own, and what goes
// with them.
func examineSettings(ctx context.Context, w words.Words) []finding {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		return []finding{{What: w.Say("doctor.settings", "product", "-"), Mend: told(w, err)}}
	}
	_, noEngine := container.FindEngine(ctx)
	var findings []finding
	for _, p := range scenarios.Products() {
		own, err := p.OwnImages(lib)
		if err != nil {
			findings = append(findings, finding{What: w.Say("doctor.settings", "product", p.Name), Mend: told(w, err)})
		}
		if noEngine != nil {
			continue
		}
		for _, img := range own {
			f := finding{What: w.Say("doctor.image", "image", p.Name), Spare: true}
			switch seen, err := container.CheckImage(ctx, img); {
			case err != nil:
				f.Mend, f.Spare = told(w, err), false
			case seen.There:
				f.Found = w.Say("doctor.image.found",
					"reference", seen.Ref, "size", strconv.FormatInt(seen.Size>>20, 10))
			default:
				f.Mend = w.Say("doctor.image.own", "image", seen.Ref)
			}
			findings = append(findings, f)
		}
	}
	return findings
}
