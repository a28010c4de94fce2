package tests

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// get asks an app's server, without modules, for a path.
func get(t *testing.T, path string) int {
	t.Helper()
	answer := httptest.NewRecorder()
	appServer(t).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Code
}

type alerts struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []struct {
			Alert       string            `json:"alert"`
			Expr        string            `json:"expr"`
			For         string            `json:"for"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"rules"`
	} `json:"groups"`
}

func TestAlertsWatchWhatTheAppsMeasure(t *testing.T) {
	t.Parallel()
	measured := metrics(t)
	each(t, func(t *testing.T, i installation) {
		var a alerts
		if err := yaml.UnmarshalStrict([]byte(i.read(t, "deploy/prometheus/alerts.yml")), &a); err != nil {
			t.Fatal(err)
		}
		down := map[string]bool{}
		for _, group := range a.Groups {
			for _, rule := range group.Rules {
				measured.check(t, rule.Alert, rule.Expr)
				if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["action"] == "" {
					t.Errorf("%s does not say how bad it is, what happened and what to do", rule.Alert)
				}
				if rule.Alert == "AppDown" {
					down[rule.Labels["app"]] = true
				}
			}
		}
		for name := range i.apps {
			if !down[name] {
				t.Errorf("no alert tells that %s is down", name)
			}
		}
	})
}

// TestAlertsTellOfAllFailures: of what the apps count as failures, each is watched.
func TestAlertsTellOfAllFailures(t *testing.T) {
	t.Parallel()
	failures := metrics(t).failures()
	if len(failures) < 4 {
		t.Errorf("the apps count only the failures %v", failures)
	}
	each(t, func(t *testing.T, i installation) {
		alerts := i.read(t, "deploy/prometheus/alerts.yml")
		for _, name := range failures {
			if !strings.Contains(alerts, "rate("+name+"[") {
				t.Errorf("no alert watches %s", name)
			}
		}
	})
}

func TestDashboardShowsWhatTheAppsMeasure(t *testing.T) {
	t.Parallel()
	measured := metrics(t)
	each(t, func(t *testing.T, i installation) {
		var dashboard struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal([]byte(i.read(t, "deploy/grafana/dashboard.json")), &dashboard); err != nil {
			t.Fatal(err)
		}
		if len(dashboard.Panels) < 10 {
			t.Errorf("only %d panels", len(dashboard.Panels))
		}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				measured.check(t, panel.Title, target.Expr)
			}
		}
	})
}

func TestPrometheusScrapesEachApp(t *testing.T) {
	t.Parallel()
	if status := get(t, "/metrics"); status != 200 {
		t.Errorf("the app answers %d to Prometheus", status)
	}
	each(t, func(t *testing.T, i installation) {
		var config struct {
			ScrapeConfigs []struct {
				JobName string `json:"job_name"`
				DNS     []struct {
					Names []string `json:"names"`
					Port  int      `json:"port"`
				} `json:"dns_sd_configs"`
			} `json:"scrape_configs"`
		}
		if err := yaml.Unmarshal([]byte(i.read(t, "deploy/prometheus/prometheus.yml")), &config); err != nil {
			t.Fatal(err)
		}
		scraped := map[string]int{}
		for _, job := range config.ScrapeConfigs {
			if slices.Equal(job.DNS[0].Names, []string{job.JobName}) {
				scraped[job.JobName] = job.DNS[0].Port
			}
		}
		for name, app := range i.apps {
			if scraped[name] != app.Port {
				t.Errorf("%s is scraped at port %d, want %d", name, scraped[name], app.Port)
			}
		}
	})
}

// texts are the string literals of each source of the runtime.
type texts map[string][]string

// metrics reads the runtime's sources: what a counter is called shows at
// /metrics only once it has counted.
func metrics(t *testing.T) texts {
	t.Helper()
	all := texts{}
	err := filepath.WalkDir(filepath.Join(repository, "handwritten/runtime"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				all[path] = append(all[path], text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:oksai|http|process|go)_[a-z_]+|\bup\b`)
	notNames   = regexp.MustCompile(`"[^"]*"|(?:by|on|without|ignoring) *\([^)]*\)`)
	histogram  = regexp.MustCompile(`_(bucket|sum|count)$`)
	standard   = regexp.MustCompile(`^(process|go)_|^up$`) // client_golang's and Prometheus' own
)

// check fails for each metric of a query that no source names, and for a query without any.
func (all texts) check(t *testing.T, what, query string) {
	t.Helper()
	names := metricName.FindAllString(notNames.ReplaceAllString(query, ""), -1)
	if len(names) == 0 {
		t.Errorf("%s: %s looks at no metric", what, query)
	}
	for _, name := range names {
		if !standard.MatchString(name) && !all.have(name) && !all.have(histogram.ReplaceAllString(name, "")) {
			t.Errorf("%s looks at %s, which nothing in handwritten/runtime measures", what, name)
		}
	}
}

// failures are the names of the counters of failures.
func (all texts) failures() (names []string) {
	const end = "failures_total"
	for _, file := range all {
		for _, text := range file {
			switch {
			case strings.HasPrefix(text, "oksai_") && strings.HasSuffix(text, "_"+end):
				names = append(names, text)
			case strings.HasPrefix(text, "oksai_") && strings.HasSuffix(text, "_") && slices.Contains(file, end):
				names = append(names, text+end)
			}
		}
	}
	return names
}

// have reports whether a source has the name, whole or as a prefix and a rest.
func (all texts) have(name string) bool {
	for _, file := range all {
		if slices.Contains(file, name) {
			return true
		}
		for _, prefix := range file {
			rest, ok := strings.CutPrefix(name, prefix)
			if ok && strings.HasPrefix(prefix, "oksai_") && slices.Contains(file, rest) {
				return true
			}
		}
	}
	return false
}
