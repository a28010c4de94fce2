// Package child runs programs as child processes that come back when they die,
// and that die with this process, however it ends.
package child

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
	readyWithin   = 30 * time.Second
	firstBackoff  = 100 * time.Millisecond
	lastBackoff   = 5 * time.Second
	// stableAfter is how long a child must live for its next death to count as the first.
	stableAfter = 10 * time.Second
)

// Child is a program that is kept running. All fields but LogPath must be set
// before Start and not be changed after it.
type Child struct {
	// Name identifies it in the log and in errors.
	Name string
	Log  *slog.Logger
	// LogPath is where the process writes what it prints; empty leaves that to Command.
	LogPath string
	// Command returns a fresh command, on the same port and data each time.
	Command func() (*exec.Cmd, error)
	// Ready is one try to reach the program.
	Ready func(ctx context.Context) error
	// StopBy asks it for a quick, orderly end.
	StopBy syscall.Signal

	mu      sync.Mutex
	current *process
	ended   bool // stop was called: start nothing any more
}

// Start starts the child and waits until it answers. A few attempts are made:
// what is left of a killed predecessor may hold the port or the data for a moment.
// Its log begins anew.
func (c *Child) Start(ctx context.Context) error {
	err := os.RemoveAll(c.LogPath)
	if err != nil {
		return fmt.Errorf("log of %s: %w", c.Name, err)
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

func (c *Child) startOnce(ctx context.Context) error {
	p, err := c.launch()
	if err != nil {
		return err
	}
	if err := c.awaitReady(ctx, p); err != nil {
		p.signal(syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("%s did not start: %w%s", c.Name, err, c.lastWords())
	}
	c.Log.Info("child process started", "child", c.Name, "pid", p.cmd.Process.Pid)
	return nil
}

// launch starts the process, unless the child was stopped.
func (c *Child) launch() (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, context.Canceled
	}
	cmd, err := c.Command()
	if err != nil {
		return nil, err
	}
	if c.LogPath != "" {
		file, err := os.OpenFile(c.LogPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, fmt.Errorf("log of %s: %w", c.Name, err)
		}
		defer file.Close()
		cmd.Stdout, cmd.Stderr = file, file
	}
	p, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	c.current = p
	return p, nil
}

func (c *Child) awaitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.Ready(ctx)
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

// Supervise starts the child again, ever more slowly, whenever it dies.
// It returns nil when ctx ends; the child keeps running until Stop.
func (c *Child) Supervise(ctx context.Context) error {
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
		c.Log.Warn("child process died, starting it again", "child", c.Name, "end", p.cmd.ProcessState.String(), "after", backoff)
		if wait(ctx, backoff) != nil {
			return nil
		}
		backoff = min(2*backoff, lastBackoff)
		if err := c.startOnce(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("child process did not start again", "child", c.Name, "error", err)
		}
	}
}

// Stop asks the child to end and kills it when ctx ends first.
func (c *Child) Stop(ctx context.Context) error {
	c.mu.Lock()
	c.ended = true
	p := c.current
	c.mu.Unlock()
	p.signal(c.StopBy)
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		p.signal(syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("%s did not end in time and was killed", c.Name)
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

// lastWords are how the child's own log ends, if it has one.
func (c *Child) lastWords() string {
	if c.LogPath == "" {
		return ""
	}
	return fmt.Sprintf("; its log %s ends with:\n%s", c.LogPath, tail(c.LogPath))
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
