package child

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// process is a child process that was started once; it dies with this process.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone
	err    error         // how it ended; valid after exited
}

// startProcess starts cmd in a process group of its own, so that Ctrl-C in a
// terminal reaches only us and we end the children in our order.
func startProcess(cmd *exec.Cmd) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithParent(cmd.SysProcAttr)
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The child dies with the *thread* that started it, so that thread is
		// kept until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		for _, file := range cmd.ExtraFiles {
			file.Close() // the child has its own copy
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.exited)
		}
	}()
	return p, <-started
}

// signal sends s; a process that is already gone is no error.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Run runs cmd to its end, or kills it with its children when ctx ends,
// and returns what it printed.
func Run(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := startProcess(cmd)
	if err != nil {
		return "", err
	}
	select {
	case <-p.exited:
		return out.String(), p.err
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the whole group
		<-p.exited
		return out.String(), ctx.Err()
	}
}
