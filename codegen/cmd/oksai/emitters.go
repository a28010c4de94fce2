package main

import (
	"github.com/oksai/oksai/codegen/emit/app"
	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/ogen"
	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/server"
	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/pipeline"
)

// emitters lists the targets, in the order in which they run.
func emitters() []pipeline.Emitter {
	return []pipeline.Emitter{
		golang.New(),
		postgres.New(),
		clickhouse.New(),
		sqlcgen.New(),
		openapi.New(),
		ogen.New(),
		server.New(),
		app.New(),
	}
}
