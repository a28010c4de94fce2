// Package deploy emits what runs the apps outside of a developer's machine:
// images, Compose, Nginx, Kubernetes, monitoring and the CI workflow. Most of it
// is the same for every platform, so it is written as templates that lie where
// their output will; only the apps differ.
package deploy

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"

	"github.com/oksai/oksai/codegen/ir"
)

// templates mirrors the tree it becomes: a path with APP in it is made once for each app.
//
//go:embed all:templates
var templates embed.FS

// shared are parts that several templates use.
//
//go:embed shared
var shared embed.FS

// The delimiters of the templates, as GitHub, Prometheus and Grafana have {{ }} for themselves.
const leftDelimiter, rightDelimiter = "[[", "]]"

// Emitter writes deploy/, .dockerignore and .github/workflows.
type Emitter struct{}

// New returns the emitter.
func New() Emitter { return Emitter{} }

// Name identifies the emitter in messages.
func (Emitter) Name() string { return "deploy" }

// view is what a template sees. App is nil where a file is made once.
type view struct {
	*ir.Platform
	App *ir.App
}

// Emit returns the files of every template, and the dashboard. A platform without
// apps has nothing to deploy.
func (Emitter) Emit(p *ir.Platform) (map[string][]byte, error) {
	if len(p.Apps) == 0 {
		return nil, nil
	}
	files := map[string][]byte{}
	err := fs.WalkDir(templates, "templates", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return expand(files, path, p)
	})
	if err != nil {
		return nil, err
	}
	files[dashboardPath], err = dashboardOf(p)
	return files, err
}

// expand makes the files of one template.
func expand(files map[string][]byte, path string, p *ir.Platform) error {
	source, err := templates.ReadFile(path)
	if err != nil {
		return err
	}
	t, err := template.New(path).Delims(leftDelimiter, rightDelimiter).Option("missingkey=error").ParseFS(shared, "shared/*")
	if err != nil {
		return err
	}
	if t, err = t.Parse(string(source)); err != nil {
		return err
	}
	target := strings.TrimPrefix(path, "templates/")
	if !strings.Contains(target, "APP") {
		files[target], err = execute(t, view{Platform: p})
		return err
	}
	for _, app := range p.Apps {
		if files[strings.ReplaceAll(target, "APP", app.Name)], err = execute(t, view{p, app}); err != nil {
			return err
		}
	}
	return nil
}

func execute(t *template.Template, v view) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("template %s: %w", t.Name(), err)
	}
	return b.Bytes(), nil
}

// role is one part of an app's work on Kubernetes.
type role struct {
	view
	Component string // tells its pods from the app's others
	Command   string // of the app's command line
}

// Role is what runs the app's command as the component; the component app is its API.
func (v view) Role(component, command string) role { return role{v, component, command} }

// Workload names what runs the role.
func (r role) Workload() string {
	if r.Component == "app" {
		return r.App.Name
	}
	return r.App.Name + "-" + r.Component
}

// Audience are the apps for users, or those for operators.
func (v view) Audience(operators bool) []*ir.App {
	var out []*ir.App
	for _, app := range v.Apps {
		if app.Operators == operators {
			out = append(out, app)
		}
	}
	return out
}

// Line is a text on one line, as in a comment.
func (v view) Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// Names are the apps' names joined, e.g. by "|" for a regular expression.
func (v view) Names(separator string) string {
	names := make([]string, len(v.Apps))
	for i, app := range v.Apps {
		names[i] = app.Name
	}
	return strings.Join(names, separator)
}
