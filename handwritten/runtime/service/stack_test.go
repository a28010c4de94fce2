package service

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestStackStopsFromTheTop(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ended []string
	s := newStack(slog.New(slog.DiscardHandler))
	for _, name := range []string{"store", "relay", "http"} {
		s.start(Task{Name: name, Run: func(ctx context.Context) error {
			<-ctx.Done()
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, name)
			return nil
		}})
	}
	if err := s.stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if want := []string{"http", "relay", "store"}; !slices.Equal(ended, want) {
		t.Errorf("ended in order %v, want %v", ended, want)
	}
}

func TestStackReportsTheFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is full")
	s := newStack(slog.New(slog.DiscardHandler))
	s.start(Task{Name: "store", Run: func(context.Context) error { return broken }})
	if err := s.wait(t.Context()); !errors.Is(err, broken) {
		t.Errorf("wait = %v, want %v", err, broken)
	}
}

func TestStackNamesWhoDoesNotStop(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	s := newStack(slog.New(slog.DiscardHandler))
	s.start(Task{Name: "stubborn", Run: func(context.Context) error { <-release; return nil }})
	if err := s.stop(10 * time.Millisecond); err == nil {
		t.Error("stop said nothing about a task that goes on")
	}
}
