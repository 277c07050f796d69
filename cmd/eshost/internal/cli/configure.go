package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// configured are the flags of the commands that run a host.
type configured struct {
	p    *Program
	file string
	cmd  *cobra.Command
	keys map[string]string // the configuration's keys that have a flag, and its name
	// quiet logs warnings and worse where nobody chose a level: the command tells what it does itself.
	quiet bool
}

// configuration adds the flag that names the configuration file.
func (p *Program) configuration(c *cobra.Command, keys map[string]string) *configured {
	f := &configured{p: p, cmd: c, keys: keys}
	c.Flags().StringVar(&f.file, "config", "", "configuration file (default $ESHOST_CONFIG, or "+config.DefaultFile+" if it is there)")
	return f
}

// configured adds the flags of a host.
func (p *Program) configured(c *cobra.Command) *configured {
	d := config.Default()
	c.Flags().String("store", d.Store.URL, "where log and snapshots are: "+storeurl.Forms)
	c.Flags().String("listen", d.HTTP.Listen, "address and port of the HTTP API")
	c.Flags().String("log-level", d.Log.Level, "debug, info, warn or error")
	return p.configuration(c, map[string]string{"store.url": "store", "http.listen": "listen", "log.level": "log-level"})
}

// load reads the configuration. named are stores that the command uses besides those of the configuration.
func (f *configured) load(named ...string) (*config.Config, error) {
	s := config.Sources{File: f.file, Env: f.p.Env, Flags: make(map[string]string), FlagNames: make(map[string]string), Stores: named}
	if s.File == "" {
		s.File = f.p.variable("ESHOST_CONFIG")
	}
	for key, name := range f.keys {
		s.FlagNames[key] = "--" + name
		if flag := f.cmd.Flags().Lookup(name); flag.Changed {
			s.Flags[key] = flag.Value.String()
		}
	}
	c, err := config.Load(s)
	if err == nil && f.quiet && c.Source("log.level") == config.SourceDefault {
		c.Log.Level = "warn"
	}
	return c, err
}

// logger returns the program's own log.
func (p *Program) logger(c *config.Log) *slog.Logger {
	o := &slog.HandlerOptions{Level: level(c)}
	if c.Format == "json" || c.Format == "auto" && !terminal(p.Err) {
		return slog.New(slog.NewJSONHandler(p.Err, o))
	}
	return slog.New(slog.NewTextHandler(p.Err, o))
}

func level(c *config.Log) (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.Level)) // config checked it
	return level
}

func (p *Program) config() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration, and where each value comes from",
		Long: `Print the effective configuration as a configuration file, each value with its source: the default, the file,
the environment (ESHOST__SECTION__KEY) or a flag. Each goes over the one before it. Secrets are not shown.`,
		Args: cobra.NoArgs,
	}
	f := p.configured(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of keys, values and sources")
	c.RunE = func(*cobra.Command, []string) error {
		loaded, err := f.load()
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.Out, loaded.Entries())
		}
		text, err := loaded.YAML()
		if err != nil {
			return err
		}
		_, err = p.Out.Write(text)
		return err
	}
	return c
}
