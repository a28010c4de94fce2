package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// Main is an app's whole main function: it reads the command line and the
// environment, runs the command and exits with 0, or 1 after an error, or 2
// after a wrong command line or wrong settings.
func Main(app App) {
	embedded.MaybeChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, app, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" default:"1" help:"Run the app: its API, its projections, its relay."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date and exit."`
	Token   tokenCommand   `cmd:"" help:"Print a development token."`
	Config  configCommand  `cmd:"" help:"Print the settings in force, secrets hidden."`
}

// invocation is what every command runs with.
type invocation struct {
	ctx    context.Context
	app    App
	config Config
	log    *slog.Logger
	out    io.Writer
}

func run(ctx context.Context, app App, args, environ []string, out, errs io.Writer) int {
	var line commands
	exited := -1
	parser, err := kong.New(&line, kong.Name(app.Name), kong.Writers(out, errs), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		panic(err) // the struct above is wrong: a bug of ours
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		fmt.Fprintf(errs, "%s: %v (see %s --help)\n", app.Name, err, app.Name)
		return 2
	}
	config, err := LoadConfig(environ, app.Port)
	if err != nil {
		fmt.Fprintf(errs, "%s: %v\n", app.Name, err)
		return 2
	}
	log := slog.New(slog.NewJSONHandler(errs, &slog.HandlerOptions{Level: config.LogLevel}))
	if err := command.Run(&invocation{ctx, app, config, log, out}); err != nil {
		fmt.Fprintf(errs, "%s: %v\n", app.Name, err)
		return 1
	}
	return 0
}

type serveCommand struct{}

func (serveCommand) Run(i *invocation) error {
	return Serve(i.ctx, i.app, i.config, i.log, i.out)
}

type migrateCommand struct{}

func (migrateCommand) Run(i *invocation) error {
	if i.config.embedsDatabase() {
		return errors.New("DATABASE_URL is not set: serve migrates its own database by itself")
	}
	if err := eventstore.Migrate(i.ctx, i.config.DatabaseURL); err != nil {
		return err
	}
	return applySchemas(i.ctx, i.config.DatabaseURL, i.app.Schemas)
}

type tokenCommand struct {
	Tenant string   `help:"The tenant's id; the demo tenant's by default."`
	Role   []string `required:"" help:"A role the token carries; may be repeated."`
	User   string   `default:"dev" help:"The subject."`
}

func (t tokenCommand) Run(i *invocation) error {
	for _, role := range t.Role {
		if !slices.Contains(i.app.Roles, role) {
			return fmt.Errorf("there is no role %q: use one of %v", role, i.app.Roles)
		}
	}
	tenant, err := t.tenant(i.config)
	if err != nil {
		return err
	}
	token, err := i.config.devToken(t.User, tenant, t.Role, utcNow())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(i.out, token)
	return err
}

// tenant is the one asked for; else none for platform roles, and the demo tenant for the others.
func (t tokenCommand) tenant(c Config) (uuid.UUID, error) {
	if t.Tenant == "" && slices.Contains(t.Role, PlatformRole) {
		return uuid.Nil, nil
	}
	text := t.Tenant
	if text == "" {
		var dev devFile
		raw, err := os.ReadFile(filepath.Join(c.DataDir, "dev.json"))
		if err == nil {
			err = json.Unmarshal(raw, &dev)
		}
		if err != nil {
			return uuid.Nil, fmt.Errorf("there is no demo tenant yet (%w): start serve first, or name one with --tenant", err)
		}
		text = dev.Tenant
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fmt.Errorf("--tenant %q is not a tenant's id: %w", text, err)
	}
	return id, nil
}

type configCommand struct{}

func (configCommand) Run(i *invocation) error {
	enc := json.NewEncoder(i.out)
	enc.SetIndent("", "  ")
	return enc.Encode(i.config.Redacted())
}
