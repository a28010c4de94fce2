package child

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Answers is one try to have a child answer a GET of url with 200.
func Answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// No connection is kept: the process may be another one the next time, and a
	// kept connection is a goroutine that nobody stops.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s says %s", req.URL.Path, resp.Status)
	}
	return nil
}
