package team

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// world is a module on an event store of its own.
type world struct {
	store   *eventstore.Store
	repos   *Repositories
	members *Members
}

func newWorld(t *testing.T) *world {
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = store.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); store.Close() })
	repos := NewRepositories(store)
	return &world{store, repos, NewMembers(repos)}
}

// add adds a member on a repository, as the generated server does.
func (w *world) add(t *testing.T, repo *command.Repository[Member], caller command.Caller, cmd AddMember) (command.Outcome[Member], error) {
	decide, err := w.members.AddMember(t.Context(), caller, cmd)
	check(t, err)
	return repo.Execute(t.Context(), command.Request[Member]{Tenant: caller.Tenant, ID: cmd.StreamID(caller), IfAbsent: true, Decide: decide})
}

func (w *world) remove(t *testing.T, caller command.Caller, user uuid.UUID) {
	decide, err := w.members.RemoveMember(t.Context(), caller, RemoveMember{})
	check(t, err)
	_, err = w.repos.Members.Execute(t.Context(), command.Request[Member]{Tenant: caller.Tenant, ID: user, Decide: decide})
	check(t, err)
}

func TestAMemberIsAddedOnceAndAgainAfterLeaving(t *testing.T) {
	w, caller, user := newWorld(t), command.Caller{Tenant: uuid.New()}, uuid.New()
	cmd := AddMember{User: user, Role: "any"}
	first, err := w.add(t, w.repos.Members, caller, cmd)
	check(t, err)
	second, err := w.add(t, w.repos.Members, caller, cmd)
	check(t, err)
	if first.ID != user || first.Unchanged || !second.Unchanged || second.Version != 1 {
		t.Errorf("added %+v, then %+v", first, second)
	}
	w.remove(t, caller, user)
	again, err := w.add(t, w.repos.Members, caller, cmd)
	check(t, err)
	if again.Version != 3 || again.State.Status != MemberStatusMember || again.State.Times != 2 {
		t.Errorf("after leaving: %+v", again)
	}
	if elsewhere, err := w.add(t, w.repos.Members, command.Caller{Tenant: uuid.New()}, cmd); err != nil || elsewhere.Version != 1 {
		t.Errorf("in another tenant: %+v %v", elsewhere, err)
	}
}

func TestManyClientsAddOneMember(t *testing.T) {
	w, caller, user := newWorld(t), command.Caller{Tenant: uuid.New()}, uuid.New()
	replicas := []*command.Repository[Member]{w.repos.Members, NewRepositories(w.store).Members}
	var clients sync.WaitGroup
	for i := range 64 {
		clients.Go(func() {
			if _, err := w.add(t, replicas[i%2], caller, AddMember{User: user, Role: "any"}); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	events, err := w.repos.Members.History(t.Context(), caller.Tenant, user, 1, 10)
	check(t, err)
	if len(events) != 1 {
		t.Errorf("64 clients wrote %d events", len(events))
	}
}

// What is not there yet is not counted by a limit, whatever its empty state would say.
func TestALimitCountsWhatIsBegun(t *testing.T) {
	w, caller := newWorld(t), command.Caller{Tenant: uuid.New()}
	for i, want := range []string{"", "", "TEAM_IS_FULL"} {
		_, err := w.add(t, w.repos.Members, caller, AddMember{User: uuid.New(), Role: "any"})
		if got := code(err); got != want {
			t.Errorf("member %d: %v", i+1, err)
		}
	}
}

func TestReactionsBeginWhatTheCommandSays(t *testing.T) {
	w, tenant, user := newWorld(t), uuid.New(), uuid.New()
	mailboxes := NewMailboxes(w.repos)
	hire := func(address string) {
		payload, err := json.Marshal(map[string]any{"user": user, "address": address})
		check(t, err)
		for _, r := range []reaction.Definition{welcomeHired(w.members), openForHired(mailboxes)} {
			e := event.Recorded{ID: uuid.New(), Type: "people.hired", Stream: event.Stream{Tenant: tenant}, Payload: payload}
			check(t, r.Handle(t.Context(), e))
		}
	}
	hire("Ann@example.com")
	hire("ann@EXAMPLE.com")
	if m, err := w.repos.Members.Load(t.Context(), tenant, user); err != nil || m.Version != 1 {
		t.Errorf("the member is %+v (%v)", m, err)
	}
	id := OpenMailbox{Address: "ANN@example.com"}.StreamID(command.Caller{})
	if m, err := w.repos.Mailboxes.Load(t.Context(), uuid.Nil, id); err != nil || m.Version != 1 {
		t.Errorf("the mailbox is %+v (%v)", m, err)
	}
}

func code(err error) string {
	if refused, ok := errors.AsType[*problem.Error](err); ok {
		return refused.Code
	}
	return ""
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
