package main

import "time"

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
