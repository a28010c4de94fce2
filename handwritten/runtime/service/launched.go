package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/oksai/oksai/handwritten/runtime/child"
)

// inheritedFD is where an app finds the socket that its launcher listens on: the
// first file after standard input, output and error.
const inheritedFD = 3

// launched is one app of a launcher. The launcher listens in its place, so that
// it has its address before it starts, and keeps it when it dies: who asks
// meanwhile waits until it is back.
type launched struct {
	name     string
	url      string
	listener *net.TCPListener
	child    *child.Child
	started  bool
}

func launch(ctx context.Context, name, program string, c Config, log *slog.Logger) (*launched, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l := &launched{name: name, url: "http://" + listener.Addr().String(), listener: listener.(*net.TCPListener)}
	l.child = &child.Child{
		Name: name, Log: log, StopBy: syscall.SIGTERM, Ready: func(ctx context.Context) error { return child.Answers(ctx, l.url+"/health/ready") },
		Command: func() (*exec.Cmd, error) { return l.command(program) },
	}
	return l, nil
}

func (l *launched) command(program string) (*exec.Cmd, error) {
	socket, err := l.listener.File()
	if err != nil {
		return nil, fmt.Errorf("hand the socket to %s: %w", l.name, err)
	}
	cmd := exec.Command(program, "serve", "--join")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{socket} // the child package closes it
	return cmd, nil
}

func (l *launched) start(ctx context.Context) error {
	err := l.child.Start(ctx)
	l.started = err == nil
	return err
}

// stop lets nobody in any more and ends the app.
func (l *launched) stop(ctx context.Context) error {
	err := l.listener.Close()
	if !l.started {
		return err
	}
	return errors.Join(err, l.child.Stop(ctx))
}

// inheritedListener is the other end of command.
func inheritedListener() (net.Listener, error) {
	file := os.NewFile(inheritedFD, "launcher's socket")
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("--join is for launchers, which pass a listening socket as file %d: %w", inheritedFD, err)
	}
	return listener, nil
}
