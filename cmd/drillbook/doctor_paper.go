package main

import (
	"context"

	"drillbook/reports"
	"drillbook/reports/words"
)

// examinePaper looks for what makes PDF files, without which all other reports are
// written.
func examinePaper(ctx context.Context, w words.Words) []finding {
	browser := finding{What: w.Say("doctor.browser"), Spare: true}
	font := finding{What: w.Say("doctor.font"), Spare: true}
	tools := reports.FindPrinting(ctx)
	browser.Found, font.Found = tools.Browser, tools.Font
	if !tools.FontKnown {
		font.Found = w.Say("doctor.font.system")
	}
	if browser.Found == "" {
		browser.Mend = w.Say("doctor.browser.mend", "command", tools.Install)
	}
	if font.Found == "" {
		font.Mend = w.Say("doctor.font.mend", "command", tools.Install)
	}
	return []finding{browser, font}
}
