package enginetest

import (
	"bytes"
	"net"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to listen and to end.
const (
	serverStartWithin = 90 * time.Second
	serverStopWithin  = 20 * time.Second
)

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// server is an engine in a child process that dies with this one.
type server struct {
	output bytes.Buffer // read only after done is closed
	cmd    *exec.Cmd
	done   chan struct{}
}

// startServer starts the process from a thread that lives as long as it does:
// the kernel sends the death signal when the parent's thread ends, not its process.
func startServer(t testing.TB, dir, name string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(name, args...), done: make(chan struct{})}
	s.cmd.Dir = dir
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.done)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	return s
}

func (s *server) awaitListener(t testing.TB, address string) {
	t.Helper()
	deadline := time.After(serverStartWithin)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-tick.C:
		case <-s.done:
			t.Fatalf("%s ended while starting:\n%s", s.cmd.Path, s.output.String())
		case <-deadline:
			s.stop()
			t.Fatalf("%s did not listen on %s within %v:\n%s", s.cmd.Path, address, serverStartWithin, s.output.String())
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(serverStopWithin):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}
