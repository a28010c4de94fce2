package main

import (
	"path/filepath"

	"github.com/oksai/oksai/codegen/emit/app"
	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/deploy"
	"github.com/oksai/oksai/codegen/emit/editor"
	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/ogen"
	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/server"
	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/pipeline"
)

// emitters lists the targets, in the order in which they run.
func (c generateCommand) emitters() []pipeline.Emitter {
	targets := []pipeline.Emitter{
		golang.New(),
		postgres.New(),
		clickhouse.New(),
		sqlcgen.New(),
		openapi.New(),
		ogen.New(),
		server.New(),
		app.New(),
		deploy.New(),
	}
	// Specs that are elsewhere are not ours to put files beside.
	if specs, err := filepath.Rel(c.Out, c.Spec); err == nil && filepath.IsLocal(specs) {
		targets = append(targets, editor.New(filepath.ToSlash(specs)))
	}
	return targets
}
