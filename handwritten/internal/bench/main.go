// Command bench measures what the platform promises about its speed and its
// memory, and prints one table. Each thing is measured against what a careful
// person would write by hand, in turns with it and on the same machine and
// engines: what is compared are ratios, which a busy machine blurs but does not
// move.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

// rows are the parts of the table, by the name that -only takes.
var rows = []struct {
	name    string
	measure func(context.Context, *lab) ([]line, error)
}{
	{"append", appends},
	{"http", commands},
	{"fold", folds},
	{"rebuild", rebuilds},
	{"visible", visibility},
	{"memory", memory},
	{"signin", signIns},
	{"mixed", mixture},
	{"tenants", idleTenants},
	{"generate", generation},
}

func main() {
	embedded.MaybeChild()
	only := flag.String("only", "", "measure `names` only, separated by commas: append, http, fold, rebuild, visible, memory, signin, mixed, tenants, generate")
	quick := flag.Bool("quick", false, "measure little: the figures mean nothing, but everything runs")
	flag.Parse()
	size := full
	if *quick {
		size = small
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, size, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, size scale, only string) (err error) {
	started, before := time.Now(), loadAverage()
	l, err := openLab(ctx, size)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := l.close(); err == nil {
			err = stopped
		}
	}()
	var lines []line
	for _, row := range rows {
		if only != "" && !strings.Contains(","+only+",", ","+row.name+",") {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", row.name)
		more, err := row.measure(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", row.name, err)
		}
		lines = append(lines, more...)
	}
	machine, err := l.describe(ctx, before)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n\n", machine)
	printTable(os.Stdout, lines)
	fmt.Printf("\nMeasured on %s in %s.\n", started.UTC().Format(time.DateOnly), time.Since(started).Round(time.Second))
	return nil
}
