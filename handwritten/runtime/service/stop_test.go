package service

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// TestRequestsLeaveTimeForWhatTheyRunOn: one that would go on for longer is cut
// off within STOP_GRACE, and what is below the server still ends in time.
func TestRequestsLeaveTimeForWhatTheyRunOn(t *testing.T) {
	t.Parallel()
	p := &process{app: App{Name: "test"}, role: workerRole, log: slog.New(slog.DiscardHandler), metrics: newMetrics(), stack: newStack(slog.New(slog.DiscardHandler)),
		config: Config{Host: "127.0.0.1", DrainDelay: 100 * time.Millisecond, StopGrace: 400 * time.Millisecond}}
	below := make(chan time.Time, 1)
	p.stack.start(Task{Name: "below", Run: func(ctx context.Context) error {
		<-ctx.Done()
		below <- time.Now()
		return nil
	}})
	if err := p.newServer(nil); err != nil {
		t.Fatal(err)
	}
	inside, cut := make(chan struct{}), make(chan struct{})
	p.server.Check("slow", func(context.Context) error { close(inside); <-cut; return nil })
	p.stack.start(Task{Name: "http server", Run: p.server.Run})
	address, err := p.listening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(cut)
		if resp, err := http.Get("http://" + address + "/health/ready"); err == nil {
			resp.Body.Close()
			t.Error("the request was not cut off")
		}
	}()
	<-inside
	told := time.Now()
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	<-cut
	least, all := p.config.DrainDelay+p.config.requestsGrace(), p.config.StopTime()
	if took := (<-below).Sub(told); took < least || took >= all {
		t.Errorf("the request was cut off after %s: it may take %s, and all %s", took, least, all)
	}
}
