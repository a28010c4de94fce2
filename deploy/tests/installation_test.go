// Package tests holds what is deployed against the tools that will read it and
// against the apps: Compose and Kustomize load it strictly, and ports, settings,
// probes, limits and metrics are those that the apps really have.
package tests

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/oksai/oksai/handwritten/runtime/service"
)

const repository = "../.."

// installation is a platform's generated deployment.
type installation struct {
	root     string // of the repository
	platform string
	apps     map[string]app
}

type app struct {
	Port     int      `json:"port"`
	Audience string   `json:"audience"`
	Modules  []string `json:"modules"`
	secrets  []string // that its modules declare
}

func (a app) operators() bool { return a.Audience == "operators" }

// each runs a test on this repository's deployment and on that of a platform
// with an app for users and one for operators.
func each(t *testing.T, run func(t *testing.T, i installation)) {
	t.Helper()
	t.Run("repository", func(t *testing.T) { run(t, committed(t)) })
	t.Run("two apps", func(t *testing.T) { run(t, golden(t)) })
}

func committed(t *testing.T) installation {
	t.Helper()
	var spec struct {
		Platform string         `json:"platform"`
		Apps     map[string]app `json:"apps"`
	}
	if err := yaml.Unmarshal([]byte(read(t, repository, "spec/platform.yaml")), &spec); err != nil {
		t.Fatal(err)
	}
	if len(spec.Apps) == 0 {
		t.Fatal("spec/platform.yaml has no apps")
	}
	for name, a := range spec.Apps {
		for _, module := range a.Modules {
			a.secrets = append(a.secrets, declared(t, module)...)
		}
		spec.Apps[name] = a
	}
	return installation{repository, spec.Platform, spec.Apps}
}

// secretsSection is that of a spec, whose language is YAML with more freedom than Kubernetes' parser gives.
var secretsSection = regexp.MustCompile(`(?m)^secrets:.*\n( .*\n)*`)

// declared are the names of a module's secrets.
func declared(t *testing.T, module string) []string {
	t.Helper()
	var spec struct {
		Secrets map[string]any `json:"secrets"`
	}
	if err := yaml.Unmarshal([]byte(secretsSection.FindString(read(t, repository, "spec/"+module+".yaml"))), &spec); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(spec.Secrets))
}

// golden is what the emitter's own test compares with.
func golden(t *testing.T) installation {
	t.Helper()
	root, from := t.TempDir(), os.DirFS(filepath.Join(repository, "codegen/emit/deploy/testdata"))
	err := fs.WalkDir(from, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(root, strings.TrimSuffix(path, ".golden"))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return installation{root, "market", map[string]app{"shop-api": {Port: 3005, secrets: []string{"BANK_KEY"}}, "back-office": {Port: 3006, Audience: "operators"}}}
}

func (i installation) read(t *testing.T, path string) string {
	t.Helper()
	return read(t, i.root, path)
}

func read(t *testing.T, root, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// secrets makes the single node's secrets, by the script that operators run, and
// returns their folder.
func (i installation) secrets(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	script := filepath.Join(folder, "secrets.sh")
	if err := os.WriteFile(script, []byte(i.read(t, "deploy/compose/secrets.sh")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", script).CombinedOutput(); err != nil {
		t.Fatalf("secrets.sh: %v\n%s", err, out)
	}
	return filepath.Join(folder, "secrets")
}

// withMail are the single node's secrets with those of a mail server.
func (i installation) withMail(t *testing.T) string {
	t.Helper()
	folder := i.secrets(t)
	if err := os.WriteFile(filepath.Join(folder, "smtp-url"), []byte("smtp://oksai:secret@mail.example.com:587"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// forGo are the variables that Go itself reads.
var forGo = map[string]bool{"GOMEMLIMIT": true}

// settings lets the app read a container's environment, with what is under
// mounted found in the folder secrets. The container has the declared secrets
// and no others.
func settings(t *testing.T, environment map[string]string, mounted, secrets string, declared ...string) service.Config {
	t.Helper()
	var pairs []string
	known := variables()
	for _, name := range declared {
		known[name] = true
	}
	for name, value := range environment {
		if setting := strings.TrimSuffix(name, "_FILE"); !known[setting] && !forGo[name] {
			t.Errorf("no app knows the variable %s", name)
		}
		if strings.HasSuffix(name, "_FILE") && !strings.HasPrefix(value, mounted) {
			t.Errorf("%s is %s, which is not below %s", name, value, mounted)
		}
		pairs = append(pairs, name+"="+strings.ReplaceAll(value, mounted, secrets))
	}
	config, err := service.LoadConfig(pairs, 0, declared...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range declared {
		if config.Redacted()[name] != "(set)" {
			t.Errorf("the container does not have the secret %s", name)
		}
	}
	if config.DatabaseURL == "" || config.ClickHouseURL == "" || len(config.KafkaBrokers) == 0 || config.RedisURL == "" {
		t.Errorf("an engine has no endpoint, so the app would start its own: %v", config.Redacted())
	}
	if config.Host != "0.0.0.0" {
		t.Errorf("HOST is %s: nobody outside of the container would reach the app", config.Host)
	}
	return config
}

// variables are the names that service.Config reads.
func variables() map[string]bool {
	names := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[service.Config]()) {
		if name := field.Tag.Get("env"); name != "" {
			names[name] = true
		}
	}
	return names
}

// TestSpecsCannotTakeTheAppsSettings: no secret of a module is called as a setting.
func TestSpecsCannotTakeTheAppsSettings(t *testing.T) {
	t.Parallel()
	reserved := regexp.MustCompile(`[A-Z_]{4,}`).FindAllString(read(t, repository, "codegen/check/secret_names.go"), -1)
	for name := range variables() {
		if !slices.Contains(reserved, name) {
			t.Errorf("%s is a setting: add it to reservedSettings in codegen/check/secret_names.go", name)
		}
	}
}
