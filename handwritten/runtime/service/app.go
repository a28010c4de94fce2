package service

import (
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

// App is one executable: what was generated for it, with its rules plugged in.
type App struct {
	// Name is the spec's, e.g. "demo-api".
	Name string
	// Platform prefixes what the apps of one platform share, e.g. the log's topic.
	Platform string
	// Port is where the app listens unless PORT says otherwise.
	Port int
	// Partitions of the log topic; 0 means 12.
	Partitions int32
	// Topic is the pattern of the modules' public topics; empty means "{module}-events".
	Topic string
	// Modules are the names of all the platform's modules, for this app's relay may
	// publish events of any of them; Topics are their public topics that do not
	// follow the pattern.
	Modules []string
	Topics  map[string]string
	// Operators closes the app to all but the platform's own people: every
	// operation needs authn.PlatformRole.
	Operators bool
	// OpenAPI is the document of all the app's modules.
	OpenAPI []byte
	// Roles are those that tokens may carry.
	Roles []string
	// Secrets are the names of those that the app's modules declare.
	Secrets []string
	// Schemas are the idempotent PostgreSQL schemas of the app's modules, applied in this order.
	Schemas []string
	// Assemble makes the modules, and gives their operations what is given of the
	// declared secrets. newGuard turns the directory of tenants into
	// the guard that deps.Guard must be before modules are made.
	Assemble func(deps Deps, given Secrets, newGuard func(tenancy.Directory) httpx.Guard) ([]*Module, error)
	// Demo is for an app that runs on its own engines. Nil fills in nothing.
	Demo *Demo
}
