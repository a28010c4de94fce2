package eventstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

func TestOnlyOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	store := start(t)
	const week = 7 * 24 * time.Hour
	now := time.Now()
	add := func(name string, at time.Time) uuid.UUID {
		stream := newStream(uuid.New())
		mustAppend(t, store, eventstore.Append{Stream: stream, Events: events(1), Key: key(name), At: at})
		return stream.Tenant
	}
	young := add("young", now.Add(-week+time.Minute))
	var old []uuid.UUID
	for i := range 3 {
		old = append(old, add(fmt.Sprint("old ", i), now.Add(-week-time.Minute)))
	}
	if n, err := store.ForgetKeys(t.Context()); n != 3 || err != nil {
		t.Fatalf("forgot %d keys, %v; want the 3 old ones", n, err)
	}
	for i, tenant := range old {
		if _, _, known, err := store.FindKey(t.Context(), tenant, key("").Scope, fmt.Sprint("old ", i)); known || err != nil {
			t.Errorf("old key %d is known: %v, %v", i, known, err)
		}
	}
	if _, _, known, err := store.FindKey(t.Context(), young, key("").Scope, "young"); !known || err != nil {
		t.Errorf("the young key is known: %v, %v", known, err)
	}
}
