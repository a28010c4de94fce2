package main

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partner is another service, which tells of jobs in CloudEvents.
type partner struct {
	client *kgo.Client
	tenant string
}

func newPartner(t *testing.T, at place, tenant string) partner {
	t.Helper()
	client, err := at.bus.Client(kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(-1), kgo.DefaultProduceTopic("partner-jobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return partner{client, tenant}
}

func (p partner) send(t *testing.T, records ...*kgo.Record) {
	t.Helper()
	if err := p.client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// inHeaders is an event in CloudEvents' binary mode: its attributes are headers.
func (p partner) inHeaders(kind, job, data string) *kgo.Record {
	r := &kgo.Record{Key: []byte(job), Value: []byte(data)}
	for _, h := range [][2]string{
		{"ce_specversion", "1.0"}, {"ce_id", uuid.NewString()}, {"ce_source", "/partner"}, {"ce_type", kind},
		{"ce_subject", job}, {"ce_tenantid", p.tenant}, {"content-type", "application/json"},
	} {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	return r
}

// inBody is an event in the structured mode: it is wholly in the value.
func (p partner) inBody(kind, job, data string) *kgo.Record {
	return &kgo.Record{
		Key: []byte(job), Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}},
		Value: fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"/partner","type":%q,"subject":%q,"tenantid":%q,"data":%s}`,
			uuid.NewString(), kind, job, p.tenant, data),
	}
}

func assigned(job, to string) (kind, id, data string) {
	return "job.assigned", job, fmt.Sprintf(`{"job_id":%q,"assigned_to":%q}`, job, to)
}

func cancelled(job, reason string) (kind, id, data string) {
	return "job.cancelled", job, fmt.Sprintf(`{"job_id":%q,"reason":%q}`, job, reason)
}
