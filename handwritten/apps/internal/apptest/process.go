package apptest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// EndWithin is how long a program may take to end, with all that it started.
const EndWithin = 10 * time.Second

// Process is a program that runs.
type Process struct {
	// Log is all that it prints; Errors is what of that goes to standard error.
	Log, Errors servicetest.Transcript

	cmd     *exec.Cmd
	started map[int]string // by it, when it was told to end
	ended   chan struct{}  // closed when it has ended
}

// Start runs a program until the test ends, at most. No test passes in which a
// program has a data race.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.Log, io.MultiWriter(&p.Log, &p.Errors)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // tests judge how it ended
	}()
	t.Cleanup(func() { p.close(t) })
	return p
}

func (p *Process) close(t testing.TB) {
	_ = p.cmd.Process.Kill()
	<-p.ended
	if t.Failed() {
		t.Logf("the end of the log:\n%s", p.Log.End())
	}
	if log := p.Log.String(); strings.Contains(log, "DATA RACE") {
		t.Errorf("there is a data race:\n%s", log)
	}
}

// AwaitReady waits until the program is ready, which it must be before it ends.
func (p *Process) AwaitReady(t testing.TB, limit time.Duration, what string, ready func() bool) {
	t.Helper()
	enginetest.Eventually(t, limit, what, func() bool {
		if p.hasEnded() {
			t.Fatalf("the program ended before it was ready: no %s", what)
		}
		return ready()
	})
}

func (p *Process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Signal sends a signal after which the program should end, and returns what it
// has started, as Started does.
func (p *Process) Signal(t testing.TB, how syscall.Signal) map[int]string {
	t.Helper()
	p.started = p.Started(t)
	if err := p.cmd.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	return p.started
}

// AwaitEnd checks that the program ends in time, with all that it had started
// when it got its signal, and returns its exit code.
func (p *Process) AwaitEnd(t testing.TB) int {
	t.Helper()
	began := time.Now()
	enginetest.Eventually(t, EndWithin, "the end of the program and all it started", func() bool {
		for pid := range p.started {
			if running(pid) {
				return false
			}
		}
		return p.hasEnded()
	})
	t.Logf("all ended within %v", time.Since(began))
	return p.cmd.ProcessState.ExitCode()
}

// Started are the command lines of what the program started, directly or not, by pid.
func (p *Process) Started(t testing.TB) map[int]string {
	t.Helper()
	all := map[int]string{}
	var visit func(pid int)
	visit = func(pid int) {
		lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			for _, field := range strings.Fields(string(text)) {
				child, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				line, _ := os.ReadFile("/proc/" + field + "/cmdline")
				all[child] = strings.ReplaceAll(string(line), "\x00", " ")
				visit(child)
			}
		}
	}
	visit(p.cmd.Process.Pid)
	return all
}

// running tells whether pid is a process that still does something: a zombie
// whose new parent has not collected it yet does not.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, found := bytes.Cut(stat, []byte(") "))
	return err == nil && found && state[0] != 'Z'
}
