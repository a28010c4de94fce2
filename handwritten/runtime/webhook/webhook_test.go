package webhook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/webhook"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Unix(1767225600, 0)
	before, current, next, foreign := secret.New("before"), secret.New("current"), secret.New("next"), secret.New("foreign")
	body := []byte(`{"payment":"p1"}`)
	signed := webhook.Sign(now, body, current)
	for name, c := range map[string]struct {
		header string
		body   string
		want   error
	}{
		"genuine":                    {signed, string(body), nil},
		"by the secret before":       {webhook.Sign(now, body, before), string(body), nil},
		"by two, one of them ours":   {webhook.Sign(now, body, next, current), string(body), nil},
		"as old as may be":           {webhook.Sign(now.Add(-webhook.Tolerance), body, current), string(body), nil},
		"a clock that is ahead":      {webhook.Sign(now.Add(webhook.Tolerance), body, current), string(body), nil},
		"parts of other schemes":     {"v0=00," + signed + ",v2=zz", string(body), nil},
		"too old":                    {webhook.Sign(now.Add(-webhook.Tolerance-time.Second), body, current), string(body), webhook.ErrTime},
		"of the future":              {webhook.Sign(now.Add(webhook.Tolerance+time.Second), body, current), string(body), webhook.ErrTime},
		"nothing":                    {"", string(body), webhook.ErrSignature},
		"another body":               {signed, `{"payment":"p2"}`, webhook.ErrSignature},
		"a body with a byte more":    {signed, string(body) + " ", webhook.ErrSignature},
		"another's secret":           {webhook.Sign(now, body, foreign), string(body), webhook.ErrSignature},
		"another time":               {strings.Replace(signed, "t=1767225600", "t=1767225601", 1), string(body), webhook.ErrSignature},
		"a time more":                {signed + ",t=1767225600", string(body), webhook.ErrSignature},
		"no time":                    {strings.SplitN(signed, ",", 2)[1], string(body), webhook.ErrSignature},
		"no signature":               {"t=1767225600", string(body), webhook.ErrSignature},
		"half a signature":           {signed[:len(signed)-32], string(body), webhook.ErrSignature},
		"no hexadecimal":             {"t=1767225600,v1=zz", string(body), webhook.ErrSignature},
		"too many signatures":        {"t=1767225600" + strings.Repeat(",v1=00", 4) + ",v1=" + strings.SplitN(signed, "v1=", 2)[1], string(body), webhook.ErrSignature},
		"the time within the body":   {webhook.Sign(now, []byte("x"), current), "x" + string(body), webhook.ErrSignature},
		"a time that is no number":   {strings.Replace(signed, "t=1767225600", "t=now", 1), string(body), webhook.ErrSignature},
		"the empty secret's is none": {webhook.Sign(now, body, secret.New("")), string(body), webhook.ErrSignature},
	} {
		if err := webhook.Verify(c.header, []byte(c.body), []secret.Text{current, before}, now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := webhook.Verify(signed, body, nil, now); !errors.Is(err, webhook.ErrSignature) {
		t.Errorf("without secrets: %v", err)
	}
}
