package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

// Main is an app's whole main function: it reads the command line and the
// environment, runs the command and exits with 0, or 1 after an error, or 2
// after a wrong command line or wrong settings.
func Main(app App) {
	untilSignal(func(ctx context.Context) int {
		return Execute(ctx, app, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	})
}

// untilSignal is a main function: run ends with its context, which ends with the
// first SIGTERM or Ctrl-C, and returns the exit code.
func untilSignal(run func(context.Context) int) {
	embedded.MaybeChild()
	collectMore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

// gcPercent keeps an app below 150 MB after 200 000 commands; at Go's own 100 it
// was 153 MB. Measured by `make bench`.
const gcPercent = 70

// collectMore trades a little processor time for memory, unless the operator says otherwise.
func collectMore() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" default:"1" help:"Run the whole app, on engines of its own where none are set."`
	API     apiCommand     `cmd:"" name:"api" help:"Run only the app's API."`
	Worker  workerCommand  `cmd:"" help:"Run only what follows the log: relay, projections, reactions, timers."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date and exit."`
	Token   tokenCommand   `cmd:"" help:"Print a development token."`
	Config  configCommand  `cmd:"" help:"Print the settings in force, secrets hidden."`

	Projections projectionsCommand `cmd:"" help:"See, pause, resume and rebuild what follows the log."`
	Outbox      outboxCommand      `cmd:"" help:"See how far the log is published to Kafka."`
	DLQ         dlqCommand         `cmd:"" name:"dlq" help:"See, replay and discard events that could not be handled."`
	Events      eventsCommand      `cmd:"" help:"Read the log."`
}

// invocation is what every command runs with.
type invocation struct {
	ctx    context.Context
	app    App
	config Config
	log    *slog.Logger
	out    io.Writer
}

// Execute runs one command line of an app until it is done or ctx ends, and returns
// the exit code; environ holds KEY=VALUE pairs.
func Execute(ctx context.Context, app App, args, environ []string, out, errs io.Writer) int {
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
	config, err := LoadConfig(environ, app.Port, app.Secrets...)
	if err != nil {
		fmt.Fprintf(errs, "%s: %v\n", app.Name, err)
		return 2
	}
	log := config.logger(errs).With("app", app.Name)
	redis.SetLogger(redisLog{log})
	if err := command.Run(&invocation{ctx, app, config, log, out}); err != nil {
		fmt.Fprintf(errs, "%s: %v\n", app.Name, err)
		return 1
	}
	return 0
}

// printJSON prints one value for machines.
func (i *invocation) printJSON(v any) error {
	enc := json.NewEncoder(i.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
