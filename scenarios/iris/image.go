package iris

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"drillbook/fixtures/iris"
	standin "drillbook/fixtures/iris/image"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// What a user sets to drill an image of the product.
const (
	imageEnv    = "IRIS_IMAGE"         // the instance's; its software is in [iris.Home]
	arbiterEnv  = "IRIS_ARBITER_IMAGE" // the arbiter's; without it, that of the instance
	keyEnv      = "IRIS_KEY"           // a file on this machine: a licence key that allows mirroring
	webEnv      = "IRIS_WEB"           // where a member's web server is: PORT or PORT/prefix
	patternsEnv = "IRIS_PATTERNS"      // a file of wordings for versions that speak otherwise
	// speedEnv is the stand-in's own variable: by how much its clocks run faster.
	speedEnv     = "IRIS_STANDIN_SPEED"
	buildEnv     = "IRIS_STANDIN_BUILD"
	orderEnv     = "IRIS_STANDIN_ORDER"            // "any": it removes the primary before other members
	langEnv      = "IRIS_STANDIN_LANG"             // what it speaks: the LANG of its hosts, such as zh_CN.UTF-8
	delayEnv     = "IRIS_STANDIN_PRODUCTION_DELAY" // seconds of the product from primary to productions
	longestDelay = 3600
	defaultSpeed = "10"
	oldestBuild  = "2018"
)

// config is a mirror of the image that the user named, or of the stand-in.
func config() (iris.Config, error) {
	cfg := iris.Config{Image: host.Image{Name: os.Getenv(imageEnv)}}
	cfg.Front = cfg.Image.Name != "" // the product's own images cannot bind a virtual address
	if err := own(&cfg); err != nil {
		return cfg, err
	}
	if !cfg.Front {
		cfg.Image = standin.StandIn()
		cfg.Production = "Drillbook.Production" // a plain instance of the product may have no Ens.Director
	}
	if !cfg.Front || isStandIn(cfg.Image.Name) {
		if err := standIn(&cfg); err != nil {
			return cfg, err
		}
	}
	var err error
	if cfg.Web, err = web(os.Getenv(webEnv)); err != nil {
		return cfg, phrase.Errorf("%s: %w", webEnv, err)
	}
	path := os.Getenv(patternsEnv)
	if path == "" {
		return cfg, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user's own file
	if err == nil {
		cfg.Patterns, err = iris.Patterns(string(text))
	}
	if err != nil {
		return cfg, phrase.Errorf("%s: %w", patternsEnv, err)
	}
	return cfg, nil
}

// own is what belongs to an image of the user's. Without one it would be left out in silence,
// and a drill of the stand-in taken for one of the product.
func own(cfg *iris.Config) error {
	for _, name := range []string{arbiterEnv, keyEnv} {
		if !cfg.Front && os.Getenv(name) != "" {
			return fmt.Errorf("%s is set, and %s is not: name your image there, or unset %[1]s to drill the stand-in",
				name, imageEnv)
		}
	}
	if arbiter := os.Getenv(arbiterEnv); arbiter != "" {
		cfg.Arbiter = host.Image{Name: arbiter}
	}
	if err := key(cfg); err != nil {
		return phrase.Errorf("%s: %w", keyEnv, err)
	}
	return nil
}

// isStandIn tells the image that drillbook builds from a user's, wherever it was pushed to:
// reports must say which of the two has run.
func isStandIn(reference string) bool {
	repository, _, _ := strings.Cut(reference[strings.LastIndexByte(reference, '/')+1:], ":")
	return repository == standin.StandIn().Name && strings.Contains("/"+reference, "/drillbook/")
}

// fastest is the stand-in's own limit.
const fastest = 10000

func standIn(cfg *iris.Config) error {
	text := cmp.Or(os.Getenv(speedEnv), defaultSpeed)
	faster, err := strconv.ParseFloat(text, 64)
	if err != nil || !(faster >= 1 && faster <= fastest) { // NaN is neither
		return phrase.Errorf("%s: %q is no speed such as 1 or 10", speedEnv, text)
	}
	cfg.Env, cfg.Faster = map[string]string{speedEnv: text}, faster
	cfg.OlderAgent = buildEnv + "=" + oldestBuild
	switch build := os.Getenv(buildEnv); build {
	case "":
	case oldestBuild, "2022", "2026":
		cfg.Env[buildEnv] = build
		if build == oldestBuild {
			cfg.OlderAgent = ""
		}
	default:
		return fmt.Errorf("%s: %q is none of 2018, 2022 and 2026", buildEnv, build)
	}
	if order := os.Getenv(orderEnv); order != "" {
		if order != "any" {
			return fmt.Errorf("%s: %q is not any; unset it to have the primary removed last", orderEnv, order)
		}
		cfg.Env[orderEnv] = order
	}
	if delay := os.Getenv(delayEnv); delay != "" {
		if n, err := strconv.Atoi(delay); err != nil || n < 0 || n > longestDelay {
			return fmt.Errorf("%s: %q is no number of seconds from 0 to %d", delayEnv, delay, longestDelay)
		}
		cfg.Env[delayEnv] = delay
	}
	if lang := os.Getenv(langEnv); lang != "" {
		if !strings.HasPrefix(lang, "zh") && !strings.HasPrefix(lang, "en") && !strings.HasPrefix(lang, "C") {
			return fmt.Errorf("%s: the stand-in does not speak %q: write en_US.UTF-8 or zh_CN.UTF-8", langEnv, lang)
		}
		cfg.Env["LANG"] = lang
	}
	cfg.StandIn = phrase.Say(
		"drillbook's own program in the place of InterSystems IRIS; its clocks run %s times as fast", text)
	return nil
}

// key reads the licence key, if one is named.
func key(cfg *iris.Config) error {
	path := os.Getenv(keyEnv)
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user's own file
	if err != nil {
		return err
	}
	cfg.Key = secret.New("licence key of IRIS", string(text))
	return nil
}

// web reads where a member's web server is: a port of its host, and what stands before
// every path.
func web(text string) (w iris.Web, err error) {
	if text == "" {
		return w, nil
	}
	port, prefix, _ := strings.Cut(text, "/")
	w.Port, err = strconv.Atoi(port)
	if err != nil || w.Port < 1 || w.Port > 65535 {
		return w, phrase.Errorf("%q is no port such as 52773, or 80/iris", text)
	}
	if prefix != "" {
		w.Prefix = "/" + strings.Trim(prefix, "/")
	}
	return w, nil
}
