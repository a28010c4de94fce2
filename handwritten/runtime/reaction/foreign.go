package reaction

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/bus"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

// namespace makes UUIDs of others' ids, which may be any text.
var namespace = uuid.MustParse("6d3c9c0e-5d4b-4b0e-9a3c-5b8a1d0f7e21")

// structured is the content type of a CloudEvent that is wholly in the body.
const structured = "application/cloudevents+json"

// cloudEvent is a CloudEvent 1.0 in JSON, as far as a reaction looks at it.
type cloudEvent struct {
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	Type          string          `json:"type"`
	Subject       string          `json:"subject"`
	Time          time.Time       `json:"time"`
	Tenant        string          `json:"tenantid"`
	SchemaVersion string          `json:"schemaversion"`
	Trace         string          `json:"traceparent"`
	Data          json.RawMessage `json:"data"`
}

// Foreign reads a record that another system wrote, in the binary or in the
// structured mode of CloudEvents. An id or subject that is no UUID becomes one
// that is the same for the same source and text. The tenant is the extension
// tenantid, zero if absent: who may write to a topic speaks for all its tenants.
func Foreign(r *kgo.Record) (event.Recorded, error) {
	c, err := readCloudEvent(r)
	if err != nil {
		return event.Recorded{}, fmt.Errorf("read record %s/%d@%d as a CloudEvent: %w", r.Topic, r.Partition, r.Offset, err)
	}
	version := 1
	if c.SchemaVersion != "" {
		if version, err = strconv.Atoi(c.SchemaVersion); err != nil {
			return event.Recorded{}, fmt.Errorf("read record %s/%d@%d: schemaversion %q is not a number", r.Topic, r.Partition, r.Offset, c.SchemaVersion)
		}
	}
	var tenant uuid.UUID
	if c.Tenant != "" {
		if tenant, err = uuid.Parse(c.Tenant); err != nil {
			return event.Recorded{}, fmt.Errorf("read record %s/%d@%d: tenantid %q is not a UUID", r.Topic, r.Partition, r.Offset, c.Tenant)
		}
	}
	return event.Recorded{
		ID:            identify(c.Source, c.ID),
		Stream:        event.Stream{Module: r.Topic, Type: c.Source, Tenant: tenant, ID: identify(c.Source, c.Subject)},
		Type:          c.Type,
		SchemaVersion: version,
		Payload:       c.Data,
		Metadata:      event.Metadata{Trace: c.trace()},
		At:            c.Time.UTC(),
	}, nil
}

// trace begins a new one where the event brings none that can be passed on.
func (c cloudEvent) trace() string {
	if _, ok := event.TraceID(c.Trace); ok {
		return c.Trace
	}
	_, begun := event.ContinueTrace("")
	return begun
}

func readCloudEvent(r *kgo.Record) (cloudEvent, error) {
	h := bus.Headers(r)
	c := cloudEvent{
		ID: h[bus.HeaderID], Source: h[bus.HeaderSource], Type: h[bus.HeaderType], Subject: h[bus.HeaderSubject],
		Time: r.Timestamp, Tenant: h[bus.HeaderTenant], SchemaVersion: h[bus.HeaderSchemaVersion], Trace: h[bus.HeaderTrace],
	}
	if at, err := time.Parse(time.RFC3339Nano, h[bus.HeaderTime]); err == nil {
		c.Time = at
	}
	if c.ID != "" && !strings.HasPrefix(h[bus.HeaderContentType], structured) {
		c.Data = r.Value
	} else if err := json.Unmarshal(r.Value, &c); err != nil {
		return c, fmt.Errorf("it has no ce_id header, and its body is no JSON CloudEvent: %w", err)
	}
	if c.ID == "" || c.Source == "" || c.Type == "" {
		return c, fmt.Errorf("id %q, source %q and type %q must all be there", c.ID, c.Source, c.Type)
	}
	if !json.Valid(c.Data) {
		return c, fmt.Errorf("the data of event %q is not JSON", c.ID)
	}
	return c, nil
}

func identify(source, text string) uuid.UUID {
	if id, err := uuid.Parse(text); err == nil {
		return id
	}
	return uuid.NewSHA1(namespace, []byte(source+"\x00"+text))
}
