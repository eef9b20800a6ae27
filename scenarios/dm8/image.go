package dm8

import (
	"os"

	"drillbook/fixtures/dm8"
	standin "drillbook/fixtures/dm8/image"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

const (
	// imageEnv names the user's own image of the product, homeEnv where it has
	// the software, if not in [dm8.Home].
	imageEnv = "DM8_IMAGE"
	homeEnv  = "DM8_HOME"
	// speedEnv is the stand-in's own variable: by how much its clocks run faster.
	speedEnv     = "DM8_STANDIN_SPEED"
	defaultSpeed = "10"
)

// image fills in what a group runs from: all that depends on whether that is
// the product or its stand-in.
func image(cfg *dm8.Config) error {
	if name := os.Getenv(imageEnv); name != "" {
		cfg.Image, cfg.Home = host.Image{Name: name}, os.Getenv(homeEnv)
		return nil
	}
	text := os.Getenv(speedEnv)
	if text == "" {
		text = defaultSpeed
	}
	faster, err := speed(text)
	if err != nil {
		return phrase.Errorf("%s: %w", speedEnv, err)
	}
	cfg.Image, cfg.Env, cfg.Faster = standin.StandIn(), map[string]string{speedEnv: text}, faster
	cfg.Home, cfg.Data = "/home/dmdba/dmdbms", "/dmdata"
	cfg.StandIn = phrase.Say("drillbook's own program in the place of DM8; its clocks run %s times as fast",
		text)
	return nil
}
