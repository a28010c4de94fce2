package tests

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestImageIsBuiltByTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	toolchain := regexp.MustCompile(`(?m)^toolchain go(.+)$`).FindStringSubmatch(read(t, repository, "go.mod"))
	dockerfile := read(t, repository, "deploy/docker/Dockerfile")
	for _, want := range []string{"ARG BUILD_IMAGE=golang:" + toolchain[1] + "\n", "CGO_ENABLED=0", "USER 65532:65532\n", "gcr.io/distroless/base-debian12:nonroot"} {
		if !strings.Contains(dockerfile, want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
}

// TestHealthcheck runs the program that the image has in place of a shell.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "healthcheck")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./deploy/docker/healthcheck")
	build.Dir = repository
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var status atomic.Int32
	status.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health/ready" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		w.WriteHeader(int(status.Load()))
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	run := func() error {
		c := exec.CommandContext(t.Context(), program)
		c.Env = []string{"PORT=" + at.Port()}
		return c.Run()
	}
	if err := run(); err != nil {
		t.Errorf("a ready app: %v", err)
	}
	status.Store(http.StatusServiceUnavailable)
	if run() == nil {
		t.Error("an app that is not ready counts as healthy")
	}
}

type workflow struct {
	Jobs map[string]struct {
		Needs    string `json:"needs"`
		Strategy struct {
			Matrix struct {
				App []string `json:"app"`
			} `json:"matrix"`
		} `json:"strategy"`
		Steps []struct {
			Run string `json:"run"`
		} `json:"steps"`
	} `json:"jobs"`
}

func TestWorkflowTestsThenBuildsThenDeploys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		var w workflow
		if err := yaml.Unmarshal([]byte(i.read(t, ".github/workflows/ci.yaml")), &w); err != nil {
			t.Fatal(err)
		}
		images, deploy := w.Jobs["images"], w.Jobs["deploy"]
		if images.Needs != "lint-and-test" || deploy.Needs != "images" {
			t.Errorf("images needs %q and deploy needs %q", images.Needs, deploy.Needs)
		}
		var commands strings.Builder
		for _, step := range deploy.Steps {
			commands.WriteString(step.Run)
		}
		if len(images.Strategy.Matrix.App) != len(i.apps) {
			t.Errorf("images are built of %v", images.Strategy.Matrix.App)
		}
		for name := range i.apps {
			if want := "edit set image \"" + i.platform + "-" + name + "="; !strings.Contains(commands.String(), want) {
				t.Errorf("deploying has no %s…", want)
			}
		}
	})
}
