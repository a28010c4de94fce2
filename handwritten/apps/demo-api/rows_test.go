package main

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

type jobRow struct {
	ID          string     `json:"job_id"`
	Title       string     `json:"title"`
	Status      string     `json:"status"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	DurationMS  *int64     `json:"duration_ms"`
}

type dayRow struct {
	Day        string `json:"day"`
	Created    int64  `json:"created"`
	Completed  int64  `json:"completed"`
	Cancelled  int64  `json:"cancelled"`
	DurationMS int64  `json:"duration_ms_sum"`
}

type recorded struct {
	Version int64     `json:"version"`
	Type    string    `json:"type"`
	At      time.Time `json:"at"`
	Data    struct {
		Title       string     `json:"title"`
		StartedAt   *time.Time `json:"started_at"`
		CompletedAt *time.Time `json:"completed_at"`
		DurationMS  *int64     `json:"duration_ms"`
	} `json:"data"`
}

// list reads all pages of a list, each with everything up to the write that seen names.
func list[T any](t *testing.T, c caller, path, seen string) []T {
	t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	var rows []T
	for cursor := ""; ; {
		page := decode[struct {
			Items []T    `json:"items"`
			Next  string `json:"next_cursor"`
		}](t, c.read(t, path+separator+"limit=200"+cursor, seen))
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return rows
		}
		cursor = "&cursor=" + url.QueryEscape(page.Next)
	}
}
