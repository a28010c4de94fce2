package service

import "errors"

type migrateCommand struct{}

func (migrateCommand) Run(i *invocation) error {
	if i.config.embedsDatabase() {
		return errors.New("DATABASE_URL is not set: serve migrates its own database by itself")
	}
	return i.app.migrate(i.ctx, i.config.DatabaseURL)
}
