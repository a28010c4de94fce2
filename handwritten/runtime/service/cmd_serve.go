package service

type serveCommand struct{}

func (serveCommand) Run(i *invocation) error {
	return Serve(i.ctx, i.app, i.config, i.log, i.out)
}
