package service

type serveCommand struct{}

func (serveCommand) Run(i *invocation) error {
	return run(i.ctx, i.app, serveRole, i.config, i.log, i.out)
}

type apiCommand struct{}

func (apiCommand) Run(i *invocation) error {
	return run(i.ctx, i.app, apiRole, i.config, i.log, i.out)
}

type workerCommand struct{}

func (workerCommand) Run(i *invocation) error {
	return run(i.ctx, i.app, workerRole, i.config, i.log, i.out)
}
