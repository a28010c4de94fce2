package reaction_test

import (
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A dead letter keeps the record after it was read, and a replay reads it again.
func TestReadingAForeignEventLeavesItsRecordAsItCame(t *testing.T) {
	t.Parallel()
	const body = `{"data":{"n":1},"id":"1","source":"/shop","type":"order.Paid"}`
	record := &kgo.Record{Topic: "orders", Value: []byte(body)}
	for range 2 {
		e, err := reaction.Foreign(record)
		if err != nil || e.Type != "order.Paid" || string(e.Payload) != `{"n":1}` || string(record.Value) != body {
			t.Fatalf("Foreign = %+v, %v, and the record is %s", e, err, record.Value)
		}
	}
}
