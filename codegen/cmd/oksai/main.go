// Command oksai is the authors' tool: it checks specs and generates code from them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

// Exit codes: 1 says that the specs or the generated files are not right, 2
// that the tool could not do its work.
const (
	exitFound  = 1
	exitFailed = 2
)

// errFound ends a command that has said what is wrong.
var errFound = errors.New("found problems")

type cli struct {
	Check    checkCommand    `cmd:"" help:"Check specs and say what is wrong with them."`
	Generate generateCommand `cmd:"" help:"Generate code from specs."`
	IR       irCommand       `cmd:"" name:"ir" help:"Print what the specs mean, as JSON."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of specs, for editors."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	parser, err := kong.New(&cli{}, kong.Name("oksai"), kong.Description("From specs to services."), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "oksai:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "oksai: %v (see oksai --help)\n", err)
		return exitFailed
	}
	switch err := command.Run(); {
	case errors.Is(err, errFound):
		return exitFound
	case err != nil:
		fmt.Fprintln(os.Stderr, "oksai:", err)
		return exitFailed
	}
	return 0
}
