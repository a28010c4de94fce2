package sale

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"example.com/corpus/processes/gen/order"
	"example.com/corpus/processes/gen/stock"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/timer"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// market is a platform whose bus is the test: pump brings events to reactions.
type market struct {
	store     *eventstore.Store
	orders    *order.Repositories
	stock     *stock.Repositories
	sales     *Repositories
	reactions []reaction.Definition
	timers    []timer.Definition
	tenant    uuid.UUID
	seen      event.Position
	told      []string
}

func open(t *testing.T) *market {
	t.Helper()
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	running, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- store.Run(running) }()
	t.Cleanup(func() { stop(); <-stopped; store.Close() })
	m := &market{store: store, tenant: uuid.New(), orders: order.NewRepositories(store), stock: stock.NewRepositories(store), sales: NewRepositories(store)}
	sales := NewSales(m.sales)
	m.reactions = Reactions(order.NewOrders(m.orders), NewPayments(m.sales), sales, stock.NewItems(m.stock))
	m.timers = Timers(sales)
	return m
}

// given creates an item and an order for it, and returns the order's id.
func (m *market) given(t *testing.T, left int64) uuid.UUID {
	t.Helper()
	item, id := uuid.New(), uuid.New()
	execute(t, m.stock.Items, m.tenant, item, stock.ItemAdded{Left: left})
	execute(t, m.orders.Orders, m.tenant, id, order.OrderPlaced{Item: item, Total: 4200})
	return id
}

func execute[S any](t *testing.T, at *command.Repository[S], tenant, id uuid.UUID, e event.Data) {
	t.Helper()
	_, err := at.Execute(t.Context(), command.Request[S]{Tenant: tenant, ID: id, Creates: true, Decide: func(*S, time.Time) (command.Decision[S], error) {
		return command.Decision[S]{Events: []event.Data{e}}, nil
	}})
	check(t, err)
}

// pump brings every event to every reaction, twice, until nothing more happens.
func (m *market) pump(t *testing.T) {
	t.Helper()
	for {
		events, err := m.store.ReadLog(t.Context(), m.seen, 100)
		check(t, err)
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			m.seen = e.Position
			m.told = append(m.told, e.Type)
			m.react(t, e)
			m.react(t, e)
		}
	}
}

func (m *market) react(t *testing.T, e event.Recorded) {
	t.Helper()
	for _, r := range m.reactions {
		if slices.Contains(r.Types, e.Type) {
			if err := r.Handle(t.Context(), e); err != nil {
				t.Fatalf("%s on %s: %v", r.Name, e.Type, err)
			}
		}
	}
}

// hear is an event of the bank.
func (m *market) hear(t *testing.T, name string, id uuid.UUID) {
	t.Helper()
	m.react(t, event.Recorded{
		ID: uuid.New(), Type: name, Stream: event.Stream{Tenant: m.tenant, ID: id}, Payload: []byte(`{"order": "` + id.String() + `"}`),
	})
	m.pump(t)
}

func (m *market) wantTold(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, m.told); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
	m.told = nil
}

func saleOf(id uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("sale.Sale:"+id.String()))
}

func TestProcessGoesFromStepToStep(t *testing.T) {
	m := open(t)
	id := m.given(t, 1)
	m.pump(t)
	m.wantTold(t, "stock.ItemAdded", "order.OrderPlaced", "sale.SaleStarted", "stock.ItemHeld", "sale.SaleAdvanced", "sale.PaymentAsked")
	m.hear(t, "bank.paid", id)
	m.wantTold(t, "sale.SaleAdvanced", "order.OrderShipped", "sale.SaleDone")
	m.hear(t, "bank.refused", id)
	m.hear(t, "bank.paid", uuid.New())
	m.wantTold(t)
}

func TestRefusedStepTakesBackWhatWasDone(t *testing.T) {
	m := open(t)
	id := m.given(t, 1)
	m.pump(t)
	m.told = nil
	m.hear(t, "bank.refused", id)
	m.wantTold(t, "sale.SaleRefused", "order.OrderCancelled", "stock.ItemFreed")
}

func TestRefusedFirstStepHasNothingToTakeBack(t *testing.T) {
	m := open(t)
	m.given(t, 0)
	m.pump(t)
	m.wantTold(t, "stock.ItemAdded", "order.OrderPlaced", "sale.SaleStarted", "stock.ItemSoldOut", "sale.SaleRefused", "order.OrderCancelled")
}

func TestProcessThatTakesTooLongIsTakenBack(t *testing.T) {
	m := open(t)
	id := m.given(t, 1)
	m.pump(t)
	m.told = nil
	loaded, err := m.sales.Sales.Load(t.Context(), m.tenant, saleOf(id))
	check(t, err)
	stream := event.Stream{Module: "sale", Type: "Sale", Tenant: m.tenant, ID: saleOf(id)}
	for range 2 {
		check(t, m.timers[0].Handle(t.Context(), timer.Due{Stream: stream, Name: "timeout", Due: loaded.State.Deadline}))
	}
	m.pump(t)
	m.wantTold(t, "sale.SaleTimedOut", "stock.ItemFreed")
	m.hear(t, "bank.paid", id)
	m.wantTold(t)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
