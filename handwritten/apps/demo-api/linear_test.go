package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// A job is a register that holds a title and counts its versions.
type (
	jobInput struct {
		title    string // to set; empty reads
		expected int64  // the version it must have, if not 0
	}
	jobOutput struct {
		Title   string `json:"title"`
		Version int64  `json:"version"`
		Code    string `json:"code"`
		unknown bool
	}
	register struct {
		title   string
		version int64
	}
)

var jobModel = porcupine.Model{
	Init: func() any { return register{"0", 1} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(register), input.(jobInput), output.(jobOutput)
		fits := in.expected == 0 || in.expected == now.version
		next := register{in.title, now.version + 1}
		switch {
		case in.title == "":
			return now == register{out.Title, out.Version}, now
		case out.unknown: // once or not at all: porcupine may place it last, where it disturbs nobody
			if fits {
				return true, next
			}
			return true, now
		case out.Code == "STALE_VERSION":
			return !fits, now
		case out.Code == "CONCURRENT_CHANGE": // the server gave up retrying
			return in.expected == 0, now
		}
		return fits && out.Code == "" && next == register{out.Title, out.Version}, next
	},
}

// jobHistory is what clients of one job did and saw.
type jobHistory struct {
	path       string
	start      time.Time
	mu         sync.Mutex
	operations []porcupine.Operation
}

func (h *jobHistory) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.operations)
}

// do sends the operation and records it. What certainly had no effect, and told
// nothing, is an error and not recorded.
func (h *jobHistory) do(client int, c apptest.Caller, in jobInput) (out jobOutput, err error) {
	call := time.Since(h.start).Nanoseconds()
	a, err := sendJob(c, h.path, in)
	end := time.Since(h.start).Nanoseconds()
	switch {
	case err == nil && a.Status < 500:
		if err := json.Unmarshal([]byte(a.Body), &out); err != nil {
			return out, err
		}
	case in.title == "" || errors.Is(err, syscall.ECONNREFUSED):
		return out, errors.Join(err, fmt.Errorf("%d %s", a.Status, a.Body))
	default:
		out.unknown, end = true, time.Hour.Nanoseconds() // it may still happen
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: end})
	return out, nil
}

func sendJob(c apptest.Caller, path string, in jobInput) (apptest.Answer, error) {
	if in.title == "" {
		return c.Send("GET", path, "")
	}
	var headers []string
	if in.expected != 0 {
		headers = []string{"If-Match", fmt.Sprintf("%q", fmt.Sprint(in.expected))}
	}
	return c.Send("POST", path+"/retitle", fmt.Sprintf(`{"title": %q}`, in.title), headers...)
}

// TestOneJobIsLinearizable: whatever 16 clients do to one job through two
// replicas, one of which dies, it looks as if it had happened in one order.
func TestOneJobIsLinearizable(t *testing.T) {
	const clients, rounds = 16, 10
	a, b := twoReplicas(t)
	_, member := a.tenant(t, "linear")
	id := member.Must(t, 201, "POST", "/jobs", `{"title": "0"}`).Object(t).ID
	h := &jobHistory{path: "/jobs/" + id, start: time.Now()}
	var all sync.WaitGroup
	for client := range clients {
		c := []apptest.Caller{member, member.Via(b.admin.Base)}[client%2]
		all.Go(func() {
			for n := range rounds {
				seen, err := h.do(client, c, jobInput{})
				in := jobInput{title: fmt.Sprint(client, " ", n)}
				if err == nil && n%2 == 0 {
					in.expected = seen.Version
				}
				if _, err := h.do(client, c, in); err != nil {
					c = member.Via(b.admin.Base) // its replica died
				}
			}
		})
	}
	enginetest.Eventually(t, apptest.HealWithin, "half of the work", func() bool { return h.len() > clients*rounds })
	a.kill(t)
	all.Wait()
	t.Logf("%d operations were answered or may have happened", h.len())
	if !porcupine.CheckOperations(jobModel, h.operations) {
		t.Errorf("no order of these operations explains what the clients saw: %+v", h.operations)
	}
	// The checker itself must notice when a stale command is said to have been done.
	for i, o := range h.operations {
		if out := o.Output.(jobOutput); out.Code == "STALE_VERSION" {
			in := o.Input.(jobInput)
			h.operations[i].Output = jobOutput{Title: in.title, Version: in.expected + 1}
			break
		}
	}
	if porcupine.CheckOperations(jobModel, h.operations) {
		t.Error("the checker accepts a history in which one version was made twice: it proves nothing")
	}
	b.stop(t)
}
