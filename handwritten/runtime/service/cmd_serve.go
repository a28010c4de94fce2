package service

import "net"

type serveCommand struct {
	Join bool `hidden:"" help:"Use the engines and the listening socket of the launcher that started this process."`
}

func (c serveCommand) Run(i *invocation) (err error) {
	var joined net.Listener
	if c.Join {
		if i.config, err = i.config.ofRunning(); err != nil {
			return err
		}
		if joined, err = inheritedListener(); err != nil {
			return err
		}
	}
	return i.run(serveRole, joined)
}

type apiCommand struct{}

func (apiCommand) Run(i *invocation) error { return i.run(apiRole, nil) }

type workerCommand struct{}

func (workerCommand) Run(i *invocation) error { return i.run(workerRole, nil) }
