package service

type configCommand struct{}

func (configCommand) Run(i *invocation) error { return i.printJSON(i.config.Redacted()) }
