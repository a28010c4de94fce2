// Package ir is the resolved, target-neutral model of a platform: what the
// specs mean, with every name bound, every default filled in and every
// expression typed. Emitters read it; nothing in it knows Go, SQL or HTTP
// libraries. It marshals to JSON for people and tools.
package ir

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
)

// Pos is where in the specs something was said.
type Pos = diag.Pos

// Platform is everything the specs say.
type Platform struct {
	Name     string
	Doc      string
	Apps     []*App
	Roles    []string
	Defaults Defaults
	Bus      Bus
	// Tenancy names the aggregate that is a tenant and the condition under which it may act; nil without one.
	Tenancy *Tenancy
	Modules []*Module // sorted by name
	Pos     Pos       `json:"-"`
}

// App is one executable: a set of modules behind one port.
type App struct {
	Name      string // kebab-case, e.g. "demo-api"
	Doc       string
	Port      int
	Modules   []*Module `json:"-"`
	Operators bool      // audience: operators
	Pos       Pos       `json:"-"`
}

// Secrets are those of the app's modules.
func (a *App) Secrets() (all []*Secret) {
	for _, m := range a.Modules {
		all = append(all, m.Secrets...)
	}
	return all
}

// Secrets are those of all apps' modules.
func (p *Platform) Secrets() (all []*Secret) {
	for _, app := range p.Apps {
		for _, s := range app.Secrets() {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// Defaults hold for every module unless it says otherwise.
type Defaults struct {
	SnapshotEvery int64
	PageSize      int64
	PageMax       int64
	TTLDays       int64 // of ClickHouse rows; 0 keeps them for ever
}

// Bus says how events reach other services.
type Bus struct {
	Topic      string // pattern of the public topics, e.g. "{module}-events"
	Partitions int
}

// TopicOf is a module's public topic by the pattern.
func (b Bus) TopicOf(module string) string { return strings.ReplaceAll(b.Topic, "{module}", module) }

// Tenancy tells which aggregate a tenant is, when it is active, how often it may call and how much it may store.
type Tenancy struct {
	Aggregate *Aggregate `json:"-"`
	Active    *Expr      // over state
	// CallsPerDay bounds a tenant's API calls, over state; nil, or absent when evaluated, is no bound.
	CallsPerDay *Expr `json:",omitempty"`
	// StorageGB bounds the gigabytes of a tenant's events in the same way.
	StorageGB *Expr `json:",omitempty"`
}

// HasHandwork tells whether the module does something that people write: an
// operation, or to find out the input of a timer's command.
func (m *Module) HasHandwork() bool {
	return len(m.Operations) > 0 || slices.ContainsFunc(m.Aggregates, (*Aggregate).HasHandwork)
}

// HasHandwork tells whether people find out the input of a timer's command.
func (a *Aggregate) HasHandwork() bool {
	return slices.ContainsFunc(a.Timers, func(t *Timer) bool { return t.Handwritten })
}

// Module is one bounded context.
type Module struct {
	Name        string
	Doc         string
	Topic       string // the public topic, e.g. "job-events"
	File        string // the spec it comes from, e.g. "spec/job.yaml"
	Types       []*TypeDef
	Aggregates  []*Aggregate
	External    []*ExternalEvent
	Projections []*Projection
	Queries     []*Query
	Operations  []*Operation `json:",omitempty"`
	Secrets     []*Secret    `json:",omitempty"`
	Reactions   []*Reaction
	Pos         Pos `json:"-"`
}

// Aggregate returns the module's aggregate of that name, or nil.
func (m *Module) Aggregate(name string) *Aggregate {
	for _, a := range m.Aggregates {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// Projection returns the module's projection of that name, or nil.
func (m *Module) Projection(name string) *Projection {
	for _, p := range m.Projections {
		if p.Name == name {
			return p
		}
	}
	return nil
}
