package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Demo is what someone finds who starts an app or the platform for development.
type Demo struct {
	// Tenant opens the tenant that development tokens belong to, and returns its
	// id. It is called at every start, so it must be idempotent.
	Tenant func(api DemoAPI) (string, error)
	// Role is whose token the first request carries.
	Role string
	// Request is the first one to try: a path, and what else curl is to be told.
	Request string
}

// DemoAPI calls the app's public API as a platform administrator.
type DemoAPI struct {
	ctx     context.Context
	baseURL string
	token   string
}

// Post sends body as JSON under an idempotency key and decodes the answer into
// answer; an answer that is not 2xx is an error with its text.
func (d DemoAPI) Post(path, key string, body, answer any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.baseURL+path, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %s", path, resp.Status, text)
	}
	return json.Unmarshal(text, answer)
}
