package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/pipeline"
)

// specFlags are what every command needs to know about the specs.
type specFlags struct {
	Spec   string `default:"spec" help:"The folder of the specs." type:"path"`
	Format string `default:"text" enum:"text,json,ci" help:"How to say what is wrong: ${enum}."`
}

// dir is the specs' folder as people at the working directory would call it.
func (f specFlags) dir() string {
	wd, err := os.Getwd()
	if err != nil {
		return f.Spec
	}
	rel, err := filepath.Rel(wd, f.Spec)
	if err != nil {
		return f.Spec
	}
	return filepath.ToSlash(rel)
}

// report prints diagnostics and returns errFound if there are errors.
func (f specFlags) report(w io.Writer, diags diag.List) error {
	var err error
	switch f.Format {
	case "json":
		err = diag.JSON(w, diags)
	case "ci":
		err = diag.CI(w, diags)
	default:
		err = diag.Text(w, diags, os.ReadFile)
	}
	if err != nil {
		return fmt.Errorf("print what is wrong: %w", err)
	}
	if diags.HasErrors() {
		return errFound
	}
	return nil
}

type checkCommand struct{ specFlags }

// Run checks the specs.
func (c checkCommand) Run() error {
	_, diags := pipeline.Check(os.DirFS(c.Spec), c.dir())
	return c.report(os.Stdout, diags)
}

type irCommand struct{ specFlags }

// Run prints the model.
func (c irCommand) Run() error {
	p, diags := pipeline.Check(os.DirFS(c.Spec), c.dir())
	if err := c.report(os.Stderr, diags); err != nil {
		return err
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(p)
}

type schemaCommand struct {
	File string `arg:"" enum:"module,platform" default:"module" help:"Of which file: ${enum}."`
}

// Run prints the JSON Schema of a file of the specs.
func (c schemaCommand) Run() error {
	shapes := map[string]*grammar.Shape{"module": grammar.Module, "platform": grammar.Platform}
	_, err := os.Stdout.Write(grammar.Schema(shapes[c.File]))
	return err
}

type generateCommand struct {
	specFlags
	Out   string `default:"." help:"The folder to generate into." type:"path"`
	Check bool   `help:"Change nothing; fail if something would change."`
}

// Run generates, or with --check says what generating would change.
func (c generateCommand) Run(ctx context.Context) error {
	files, diags, err := pipeline.Run(ctx, os.DirFS(c.Spec), pipeline.Config{Dir: c.dir(), Emitters: c.emitters()})
	if found := c.report(os.Stderr, diags); found != nil {
		return found
	}
	if err != nil {
		return err
	}
	module, err := modulePath(c.Out)
	if err != nil {
		return err
	}
	if files, err = files.In(module); err != nil {
		return err
	}
	if !c.Check {
		d, err := pipeline.Write(c.Out, files)
		if err != nil {
			return err
		}
		fmt.Printf("%d files: %d written, %d removed\n", len(files), len(d.Changed), len(d.Stale))
		return nil
	}
	d, err := pipeline.Compare(c.Out, files)
	if err != nil || d.Empty() {
		return err
	}
	for _, path := range d.Changed {
		fmt.Println("differs:", path)
	}
	for _, path := range d.Stale {
		fmt.Println("stale:  ", path)
	}
	fmt.Println("run `oksai generate` and commit what it writes")
	return errFound
}
