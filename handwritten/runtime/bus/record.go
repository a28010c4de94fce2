package bus

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Header names: CloudEvents 1.0 in Kafka's binary mode, our extensions to it,
// and the W3C trace header.
const (
	HeaderID            = "ce_id"
	HeaderType          = "ce_type"
	HeaderSource        = "ce_source" // /<module>/<aggregate type>
	HeaderSpecVersion   = "ce_specversion"
	HeaderTime          = "ce_time"
	HeaderSubject       = "ce_subject" // stream id
	HeaderTenant        = "ce_tenantid"
	HeaderVersion       = "ce_streamversion"
	HeaderSchemaVersion = "ce_schemaversion"
	HeaderCorrelation   = "ce_correlationid"
	HeaderCausation     = "ce_causationid"
	HeaderTrace         = "traceparent"
	HeaderContentType   = "content-type"

	// The log's own: never on a public topic.
	headerPosition  = "position"
	headerPublished = "published"
	headerUser      = "user"
	headerPrevious  = "previous"
)

const specVersion = "1.0"

// LogRecord is the event as a record of the internal log. The record's own
// timestamp is when it is produced: retention and delivery time-outs count from
// it, and the event may be old.
func (c Config) LogRecord(e event.Recorded) *kgo.Record {
	headers := append(cloudEvent(e),
		header(headerPosition, e.Position.Token()),
		header(headerPublished, strconv.FormatBool(e.Published)),
		header(headerUser, e.Metadata.User))
	return &kgo.Record{Topic: c.LogTopic(), Key: e.Stream.Tenant[:], Value: e.Payload, Headers: headers}
}

// Follow says on a record of the log which event its partition has before it.
// A reader that has not seen that one knows that Kafka lost something.
func Follow(r *kgo.Record, previous event.Position) {
	r.Headers = append(r.Headers, header(headerPrevious, previous.Token()))
}

// Follows reports whether a reader that has come to a position may take the
// record as the next one of its partition. The first record of a relay follows
// nothing that is known.
func Follows(r *kgo.Record, at event.Position) bool {
	text, said := Headers(r)[headerPrevious]
	if !said {
		return false
	}
	previous, err := event.ParseToken(text)
	return err == nil && !previous.After(at)
}

// PublicRecord is the event as a record of its module's public topic.
func (c Config) PublicRecord(e event.Recorded) *kgo.Record {
	return &kgo.Record{
		Topic: c.EventsTopic(e.Stream.Module), Key: []byte(e.Stream.ID.String()),
		Value: e.Payload, Headers: cloudEvent(e),
	}
}

func cloudEvent(e event.Recorded) []kgo.RecordHeader {
	return []kgo.RecordHeader{
		header(HeaderSpecVersion, specVersion),
		header(HeaderID, e.ID.String()),
		header(HeaderType, e.Type),
		header(HeaderSource, "/"+e.Stream.Module+"/"+e.Stream.Type),
		header(HeaderSubject, e.Stream.ID.String()),
		header(HeaderTime, e.At.UTC().Format(time.RFC3339Nano)),
		header(HeaderTenant, e.Stream.Tenant.String()),
		header(HeaderVersion, strconv.FormatInt(e.Version, 10)),
		header(HeaderSchemaVersion, strconv.Itoa(e.SchemaVersion)),
		header(HeaderCorrelation, e.Metadata.Correlation.String()),
		header(HeaderCausation, e.Metadata.Causation.String()),
		header(HeaderTrace, e.Metadata.Trace),
		header(HeaderContentType, "application/json"),
	}
}

func header(key, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: []byte(value)}
}

// Decode reads a record of the internal log back. A record whose key is not
// the tenant its header names is refused: one of the two is forged.
func Decode(r *kgo.Record) (event.Recorded, error) {
	h := Headers(r)
	var p parser
	module, aggregate, ok := strings.Cut(strings.TrimPrefix(h[HeaderSource], "/"), "/")
	p.check(ok, HeaderSource, h[HeaderSource])
	e := event.Recorded{
		ID: p.uuid(h, HeaderID),
		Stream: event.Stream{
			Module: module, Type: aggregate,
			Tenant: p.uuid(h, HeaderTenant), ID: p.uuid(h, HeaderSubject),
		},
		Version:       p.int(h, HeaderVersion),
		Position:      p.position(h, headerPosition),
		Type:          h[HeaderType],
		SchemaVersion: int(p.int(h, HeaderSchemaVersion)),
		Published:     h[headerPublished] == "true",
		Payload:       r.Value,
		Metadata: event.Metadata{
			User:        h[headerUser],
			Correlation: p.uuid(h, HeaderCorrelation),
			Causation:   p.uuid(h, HeaderCausation),
			Trace:       h[HeaderTrace],
		},
		At: p.time(h, HeaderTime),
	}
	p.check(string(r.Key) == string(e.Stream.Tenant[:]), HeaderTenant, h[HeaderTenant]+" (the record's key is another tenant)")
	if p.err != nil {
		return event.Recorded{}, fmt.Errorf("read record %s/%d@%d: %w", r.Topic, r.Partition, r.Offset, p.err)
	}
	return e, nil
}

// Headers returns the record's headers by name; the last of a name wins.
func Headers(r *kgo.Record) map[string]string {
	headers := make(map[string]string, len(r.Headers))
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	return headers
}

// parser keeps the first thing that was wrong, so that decoding reads straight through.
type parser struct{ err error }

func (p *parser) check(ok bool, name, value string) {
	if !ok && p.err == nil {
		p.err = fmt.Errorf("header %s has the unusable value %.80q: was the record written by another program than the relay?", name, value)
	}
}

func (p *parser) uuid(h map[string]string, name string) uuid.UUID {
	id, err := uuid.Parse(h[name])
	p.check(err == nil, name, h[name])
	return id
}

func (p *parser) int(h map[string]string, name string) int64 {
	n, err := strconv.ParseInt(h[name], 10, 64)
	p.check(err == nil, name, h[name])
	return n
}

func (p *parser) position(h map[string]string, name string) event.Position {
	position, err := event.ParseToken(h[name])
	p.check(err == nil, name, h[name])
	return position
}

func (p *parser) time(h map[string]string, name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, h[name])
	p.check(err == nil, name, h[name])
	return at.UTC()
}
