package tests

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/oksai/oksai/handwritten/runtime/service"
)

// split is base with the component that runs API and worker apart.
func (i installation) split(t *testing.T) objects {
	t.Helper()
	files := i.kubernetesFiles(t)
	overlay := "resources: [../../base]\ncomponents: [../../components/split]\n"
	if err := files.WriteFile("/k8s/overlays/split/kustomization.yaml", []byte(overlay)); err != nil {
		t.Fatal(err)
	}
	return kustomize(t, files, "/k8s/overlays/split")
}

// splitProduction is the production overlay with the line about the component no longer commented out.
func (i installation) splitProduction(t *testing.T) objects {
	t.Helper()
	files := i.kubernetesFiles(t)
	const path, offered = "/k8s/overlays/production/kustomization.yaml", "# components:"
	content, err := files.ReadFile(path)
	if err != nil || strings.Count(string(content), offered) != 1 {
		t.Fatalf("the overlay does not offer the component: %v", err)
	}
	if err := files.WriteFile(path, []byte(strings.Replace(string(content), offered, "components:", 1))); err != nil {
		t.Fatal(err)
	}
	return kustomize(t, files, filepath.Dir(path))
}

// kubernetesFiles is a copy of deploy/k8s.
func (i installation) kubernetesFiles(t *testing.T) filesys.FileSystem {
	t.Helper()
	files, from := filesys.MakeFsInMemory(), os.DirFS(filepath.Join(i.root, "deploy"))
	err := fs.WalkDir(from, "k8s", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return files.WriteFile("/"+path, content)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSplitRunsWorkersApart: the worker has the same pods, but for what they run
// and that no requests are sent to them.
func TestSplitRunsWorkersApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		all := i.split(t)
		for name := range i.apps {
			api, worker := one[appsv1.Deployment](t, all, "Deployment", name), one[appsv1.Deployment](t, all, "Deployment", name+"-worker")
			runs(t, api, "api")
			runs(t, worker, "worker")
			same := worker.Spec.Template.Spec.DeepCopy()
			same.Containers[0].Args = api.Spec.Template.Spec.Containers[0].Args
			same.TopologySpreadConstraints = api.Spec.Template.Spec.TopologySpreadConstraints
			if same.String() != api.Spec.Template.Spec.String() {
				t.Errorf("%s is not as its API:\n%v\n%v", worker.Name, same, api.Spec.Template.Spec)
			}
			labels := worker.Spec.Template.Labels
			if selected(one[corev1.Service](t, all, "Service", name).Spec.Selector, labels) {
				t.Errorf("the Service %s sends requests to workers", name)
			}
			if !selected(one[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", name).Spec.PodSelector.MatchLabels, labels) {
				t.Errorf("%s may go everywhere", worker.Name)
			}
			scaled(t, one[autoscalingv2.HorizontalPodAutoscaler](t, all, "HorizontalPodAutoscaler", worker.Name))
			for _, d := range []*appsv1.Deployment{api, worker} {
				budget := one[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget", d.Name)
				for _, other := range []*appsv1.Deployment{api, worker} {
					if selected(budget.Spec.Selector.MatchLabels, other.Spec.Template.Labels) != (other == d) {
						t.Errorf("the budget of %s is wrong about the pods of %s", d.Name, other.Name)
					}
				}
			}
		}
	})
}

// TestSplitOverlayIsComplete: what the overlay says reaches the workers, too.
func TestSplitOverlayIsComplete(t *testing.T) {
	t.Parallel()
	i := committed(t)
	all, secrets := i.splitProduction(t), i.withMail(t)
	for name, app := range i.apps {
		for _, d := range []string{name, name + "-worker"} {
			pod := one[appsv1.Deployment](t, all, "Deployment", d).Spec.Template.Spec
			complete(t, all, pod, app, secrets, app.secrets...)
			stopsInTime(t, all, pod, secrets, app.secrets...)
		}
	}
}

// TestMigrationsComeFirst: what is applied before the migration runs no app.
func TestMigrationsComeFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		const first = "-l 'app.kubernetes.io/component notin (app, worker)'"
		if workflow := i.read(t, ".github/workflows/ci.yaml"); !strings.Contains(workflow, "kubectl apply -k deploy/k8s/overlays/production "+first) {
			t.Errorf("the workflow does not leave out apps while it migrates: %s", first)
		}
		all := i.split(t)
		for name := range all["Deployment"] {
			component := one[appsv1.Deployment](t, all, "Deployment", name).Labels["app.kubernetes.io/component"]
			if !slices.Contains([]string{"app", "worker"}, component) {
				t.Errorf("%s is of the component %q, which is applied before the migration", name, component)
			}
		}
	})
}

// awaited are the labels of the Deployments whose rollout the workflow waits for.
var awaited = regexp.MustCompile(`kubectl rollout status -n "\$NAMESPACE" deployment -l (\S+)=(\S+) `)

// TestAllRolloutsAreAwaited: those of workers, too, where they run apart.
func TestAllRolloutsAreAwaited(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		found := awaited.FindAllStringSubmatch(i.read(t, ".github/workflows/ci.yaml"), -1)
		if len(found) != 1 {
			t.Fatalf("the workflow waits for %v, want one selector of all Deployments", found)
		}
		for _, all := range []objects{i.kustomize(t, "deploy/k8s/base"), i.split(t)} {
			for name := range all["Deployment"] {
				labels := one[appsv1.Deployment](t, all, "Deployment", name).Labels
				if !selected(map[string]string{found[0][1]: found[0][2]}, labels) {
					t.Errorf("the workflow does not wait for %s: it has the labels %v", name, labels)
				}
			}
		}
	})
}

// runs: the pods run that command, which the apps know.
func runs(t *testing.T, d *appsv1.Deployment, command string) {
	t.Helper()
	if got := d.Spec.Template.Spec.Containers[0].Args; !slices.Equal(got, []string{command}) {
		t.Errorf("%s runs %v, want %s", d.Name, got, command)
	}
	if code := service.Execute(t.Context(), service.App{Name: d.Name}, []string{command, "--help"}, nil, io.Discard, io.Discard); code != 0 {
		t.Errorf("the apps have no command %s", command)
	}
}

func selected(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}
