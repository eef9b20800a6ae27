package iris

import (
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
	langEnv      = "IRIS_STANDIN_LANG" // what it speaks: the LANG of its hosts, such as zh_CN.UTF-8
	defaultSpeed = "10"
)

// config is a mirror of the image that the user named, or of the stand-in.
func config() (iris.Config, error) {
	var cfg iris.Config
	if name := os.Getenv(imageEnv); name != "" {
		cfg.Image = host.Image{Name: name}
		cfg.Front = true // the product's own images cannot bind a virtual address
		if arbiter := os.Getenv(arbiterEnv); arbiter != "" {
			cfg.Arbiter = host.Image{Name: arbiter}
		}
		if err := key(&cfg); err != nil {
			return cfg, phrase.Errorf("%s: %w", keyEnv, err)
		}
	} else if err := standIn(&cfg); err != nil {
		return cfg, err
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

func standIn(cfg *iris.Config) error {
	text := os.Getenv(speedEnv)
	if text == "" {
		text = defaultSpeed
	}
	faster, err := strconv.ParseFloat(text, 64)
	if err != nil || faster < 1 {
		return phrase.Errorf("%s: %q is no speed such as 1 or 10", speedEnv, text)
	}
	cfg.Image, cfg.Env, cfg.Faster = standin.StandIn(), map[string]string{speedEnv: text}, faster
	if build := os.Getenv(buildEnv); build != "" {
		cfg.Env[buildEnv] = build
	}
	if lang := os.Getenv(langEnv); lang != "" {
		cfg.Env["LANG"] = lang
	}
	cfg.Production = "Drillbook.Production" // a plain instance of the product may have no Ens.Director
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
