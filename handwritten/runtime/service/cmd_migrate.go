package service

import (
	"errors"

	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

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
