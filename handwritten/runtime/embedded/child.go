package embedded

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startAttempts = 5
	firstBackoff  = 100 * time.Millisecond
	lastBackoff   = 5 * time.Second
	// stableAfter is how long a child must live for its next death to count as the first.
	stableAfter = 10 * time.Second
)

// child is an engine that runs as a child process.
type child struct {
	name    string
	log     *slog.Logger
	logPath string                          // where the process writes its own log
	command func() (*exec.Cmd, error)       // a fresh command, on the same port and data each time
	ready   func(ctx context.Context) error // one try to reach the engine
	stopBy  syscall.Signal                  // asks for a quick, orderly end

	mu      sync.Mutex
	current *process
	ended   bool // stop was called: start nothing any more
}

// start starts the child and waits until it answers. A few attempts are made:
// what is left of a killed predecessor may hold the port or the data for a moment.
// Its log begins anew.
func (c *child) start(ctx context.Context) error {
	err := os.RemoveAll(c.logPath)
	if err != nil {
		return fmt.Errorf("embedded: log of %s: %w", c.name, err)
	}
	backoff := firstBackoff
	for range startAttempts {
		if err = c.startOnce(ctx); err == nil {
			return nil
		}
		if wait(ctx, backoff) != nil {
			break
		}
		backoff *= 2
	}
	return err
}

func (c *child) startOnce(ctx context.Context) error {
	p, err := c.launch()
	if err != nil {
		return err
	}
	if err := c.awaitReady(ctx, p); err != nil {
		p.signal(syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("embedded: %s did not start: %w; its log %s ends with:\n%s", c.name, err, c.logPath, tail(c.logPath))
	}
	c.log.Info("engine started", "engine", c.name, "pid", p.cmd.Process.Pid)
	return nil
}

// launch starts the process, unless the child was stopped.
func (c *child) launch() (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, context.Canceled
	}
	file, err := os.OpenFile(c.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded: log of %s: %w", c.name, err)
	}
	defer file.Close()
	cmd, err := c.command()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = file, file
	p, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("embedded: start %s: %w", c.name, err)
	}
	c.current = p
	return p, nil
}

func (c *child) awaitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("the process ended: %v", p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-tick.C:
		}
	}
}

// supervise starts the child again, ever more slowly, whenever it dies.
func (c *child) supervise(ctx context.Context) error {
	backoff := firstBackoff
	for {
		c.mu.Lock()
		p := c.current
		c.mu.Unlock()
		began := time.Now()
		select {
		case <-ctx.Done():
			return nil
		case <-p.exited:
		}
		if time.Since(began) > stableAfter {
			backoff = firstBackoff
		}
		c.log.Warn("engine died, starting it again", "engine", c.name, "end", p.cmd.ProcessState, "after", backoff)
		if wait(ctx, backoff) != nil {
			return nil
		}
		backoff = min(2*backoff, lastBackoff)
		if err := c.startOnce(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("engine did not start again", "engine", c.name, "error", err)
		}
	}
}

// stop asks the child to end and kills it when ctx ends first.
func (c *child) stop(ctx context.Context) error {
	c.mu.Lock()
	c.ended = true
	p := c.current
	c.mu.Unlock()
	p.signal(c.stopBy)
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		p.signal(syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("embedded: %s did not end in time and was killed", c.name)
	}
}

// wait waits for d or for the end of ctx, which is returned as an error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// tail is the end of a log file, for an error message.
func tail(path string) string {
	const size = 2000
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > size {
		_, _ = file.Seek(-size, io.SeekEnd)
	}
	text, _ := io.ReadAll(file)
	return strings.TrimSpace(string(text))
}
