// Command byhand is what a careful person would write without the platform to
// take jobs by HTTP and keep them: one handler that decodes a job and commits it
// with one INSERT. It knows no tenants, no tokens and no versions.
//
// DATABASE_URL says where to, PORT where it listens.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// conns is the size of the pool: one for each of the clients, so that none waits for another's commit.
const conns = 64

const insert = `INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type,
	schema_version, published, user_id, correlation_id, causation_id, trace, payload, at)
	VALUES (1, $1, $2, 'job', 'Job', $3, 1, 'job.JobCreated', 1, true, '', $1, $1, '', $4, $5)`

type job struct {
	Title     string    `json:"title"`
	Priority  string    `json:"priority"`
	Tags      []string  `json:"tags"`
	CreatedAt time.Time `json:"created_at"`
}

type created struct {
	ID      uuid.UUID `json:"id"`
	Version int       `json:"version"`
	Status  string    `json:"status"`
	job
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "byhand:", err)
		os.Exit(1)
	}
}

func serve() error {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	config.MaxConns = conns
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return err
	}
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), create(pool, uuid.New()))
}

func create(pool *pgxpool.Pool, tenant uuid.UUID) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var j job
		if err := json.NewDecoder(r.Body).Decode(&j); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if j.Title = strings.TrimSpace(j.Title); j.Title == "" || len(j.Title) > 200 {
			http.Error(w, "a title has 1 to 200 characters", http.StatusUnprocessableEntity)
			return
		}
		j.CreatedAt = time.Now().UTC()
		payload, err := json.Marshal(j)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		id := uuid.Must(uuid.NewV7())
		if _, err := pool.Exec(r.Context(), insert, uuid.New(), tenant, id, payload, j.CreatedAt); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/jobs/"+id.String())
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(created{id, 1, "pending", j}) // the client is gone: nobody to tell
	}
}
