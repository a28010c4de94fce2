package tests

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/oksai/oksai/handwritten/runtime/service"
)

const example = repository + "/deploy/compose/env.example"

// compose loads the file as `docker compose` does: against the schema, with settings such as the example's.
func (i installation) compose(t *testing.T, env string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(i.root, "deploy/compose/compose.yaml")},
		cli.WithEnvFiles(env), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeRunsEachApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		project, secrets := i.compose(t, example), i.secrets(t)
		for name, app := range i.apps {
			for container, declared := range map[string][]string{name: app.secrets, "migrate-" + name: nil} {
				s := project.Services[container]
				config := containerSettings(t, s, secrets, declared)
				if config.Port != app.Port {
					t.Errorf("%s listens on %d, want %d", container, config.Port, app.Port)
				}
				if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) {
					t.Errorf("%s may write or has capabilities: %v, %v", container, s.ReadOnly, s.CapDrop)
				}
				if grace := time.Duration(*s.StopGracePeriod); grace <= config.StopTime() {
					t.Errorf("%s is killed after %s, but may take %s to stop", container, grace, config.StopTime())
				}
				mounted(t, s)
			}
			if got := project.Services["migrate-"+name]; !slices.Equal(got.Command, []string{"migrate"}) || got.Restart != "no" {
				t.Errorf("migrate-%s runs %v, restart %s", name, got.Command, got.Restart)
			}
			if got := project.Services[name].DependsOn["migrate-"+name].Condition; got != types.ServiceConditionCompletedSuccessfully {
				t.Errorf("%s does not wait for its migration: %q", name, got)
			}
			if got := project.Services["nginx"].DependsOn[name].Condition; got != types.ServiceConditionHealthy {
				t.Errorf("nginx does not wait for %s: %q", name, got)
			}
		}
	})
}

func containerSettings(t *testing.T, s types.ServiceConfig, secrets string, declared []string) service.Config {
	t.Helper()
	environment := s.Environment.Resolve(func(string) (string, bool) { return "", false }).ToMapping()
	return settings(t, environment, "/run/secrets", secrets, declared...)
}

// TestComposeTakesWhatTheExampleOffers: each setting that the example has behind a # reaches the apps.
func TestComposeTakesWhatTheExampleOffers(t *testing.T) {
	t.Parallel()
	env := filepath.Join(t.TempDir(), "env")
	offered := regexp.MustCompile(`(?m)^#([A-Z_]+=)`).ReplaceAllString(read(t, repository, "deploy/compose/env.example"), "$1")
	if err := os.WriteFile(env, []byte(offered), 0o600); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, i installation) {
		project, secrets := i.compose(t, env), i.withMail(t)
		for name, app := range i.apps {
			c := containerSettings(t, project.Services[name], secrets, app.secrets)
			if len(c.FirstOperators) != 1 || c.SMTPURL == "" || c.MailFrom == "" || c.Issuer == "" || c.Audience == "" || c.JWKSURL == "" || c.External == "" {
				t.Errorf("%s lacks what .env says: %v", name, c.Redacted())
			}
			if image := project.Services[name].Image; image != "registry.example.com/oksai/"+i.platform+"-"+name+":latest" {
				t.Errorf("%s is the image %s", name, image)
			}
		}
	})
}

// mounted: each secret that the environment names is given to the container.
func mounted(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	given := map[string]bool{}
	for _, secret := range s.Secrets {
		given["/run/secrets/"+secret.Source] = true
	}
	for name, value := range s.Environment {
		if strings.HasSuffix(name, "_FILE") && !given[*value] {
			t.Errorf("%s: %s is %s, but the container has no such secret", s.Name, name, *value)
		}
	}
}

func TestComposeServicesAreWatchedAndBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		project := i.compose(t, example)
		for name, s := range project.Services {
			if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 || s.Deploy.Resources.Limits.NanoCPUs == 0 {
				t.Errorf("%s has no limits of memory and CPU", name)
			}
			if s.Restart == "no" {
				continue // runs once
			}
			if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 {
				t.Errorf("%s has no health check", name)
			}
			if s.Restart != "unless-stopped" {
				t.Errorf("%s: restart is %q", name, s.Restart)
			}
		}
	})
}

func TestComposeKeepsTheEnginesData(t *testing.T) {
	t.Parallel()
	project := committed(t).compose(t, example)
	for _, engine := range []string{"postgres", "clickhouse", "kafka", "redis"} {
		s := project.Services[engine]
		if !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Type == "volume" && v.Source == engine+"-data" }) {
			t.Errorf("%s has no named volume", engine)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is published to the world at %s", engine, port.Published)
			}
		}
	}
}

func TestComposePublishesOnlyTheFront(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		project := i.compose(t, example)
		var open []string
		for name, s := range project.Services {
			for _, port := range s.Ports {
				if port.HostIP != "127.0.0.1" {
					open = append(open, name+":"+strconv.Itoa(int(port.Target)))
				}
			}
		}
		if !slices.Equal(open, []string{"nginx:8080"}) {
			t.Errorf("open to the world are %v, want only nginx:8080", open)
		}
	})
}

// TestSecretsAreMade: the script makes every secret that Compose mounts, and keeps those that exist.
func TestSecretsAreMade(t *testing.T) {
	t.Parallel()
	i := committed(t)
	folder := i.secrets(t)
	for _, name := range slices.Sorted(maps.Keys(i.compose(t, example).Secrets)) {
		if name == "smtp-url" {
			continue // the mail server's, which only an operator knows
		}
		if content := read(t, folder, name); len(content) < 24 {
			t.Errorf("secret %s has %d characters", name, len(content))
		}
	}
	password := read(t, folder, "postgres-password")
	if url := read(t, folder, "database-url"); !strings.Contains(url, password) {
		t.Error("the database's URL does not have the database's password")
	}
}
