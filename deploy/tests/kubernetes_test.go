package tests

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// objects are a built overlay's, by kind and name.
type objects map[string]map[string]any

// kinds are those that may be deployed. A Secret is not among them: its content belongs in no repository.
var kinds = map[string]func() any{
	"ConfigMap":               func() any { return new(corev1.ConfigMap) },
	"Deployment":              func() any { return new(appsv1.Deployment) },
	"HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"Ingress":                 func() any { return new(networkingv1.Ingress) },
	"Job":                     func() any { return new(batchv1.Job) },
	"Namespace":               func() any { return new(corev1.Namespace) },
	"NetworkPolicy":           func() any { return new(networkingv1.NetworkPolicy) },
	"PodDisruptionBudget":     func() any { return new(policyv1.PodDisruptionBudget) },
	"Service":                 func() any { return new(corev1.Service) },
	"ServiceAccount":          func() any { return new(corev1.ServiceAccount) },
}

func (i installation) kustomize(t *testing.T, folder string) objects {
	t.Helper()
	return kustomize(t, filesys.MakeFsOnDisk(), filepath.Join(i.root, folder))
}

// kustomize builds a folder and reads each object into its type; an unknown field fails.
func kustomize(t *testing.T, files filesys.FileSystem, folder string) objects {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	all := objects{}
	for _, resource := range built.Resources() {
		content, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind, name := resource.GetKind(), resource.GetName()
		if kinds[kind] == nil {
			t.Fatalf("%s %s: this kind is not expected", kind, name)
		}
		object := kinds[kind]()
		if err := yaml.UnmarshalStrict(content, object); err != nil {
			t.Fatalf("%s %s: %v", kind, name, err)
		}
		if all[kind] == nil {
			all[kind] = map[string]any{}
		}
		all[kind][name] = object
	}
	return all
}

// one is the object of that name.
func one[T any](t *testing.T, all objects, kind, name string) *T {
	t.Helper()
	object, ok := all[kind][name].(*T)
	if !ok {
		t.Fatalf("there is no %s %s, only %v", kind, name, slices.Sorted(maps.Keys(all[kind])))
	}
	return object
}

// TestKubernetesRunsEachApp checks base; what overlays say is checked below.
func TestKubernetesRunsEachApp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		all := i.kustomize(t, "deploy/k8s/base")
		for name, app := range i.apps {
			deployment := one[appsv1.Deployment](t, all, "Deployment", name)
			runs(t, deployment, "serve")
			container := deployment.Spec.Template.Spec.Containers[0]
			if *deployment.Spec.Replicas != 3 || container.Ports[0].ContainerPort != int32(app.Port) || container.Image != i.platform+"-"+name {
				t.Errorf("%s: %d replicas of %s on %v", name, *deployment.Spec.Replicas, container.Image, container.Ports)
			}
			resources(t, container.Resources)
			probes(t, container)
			confined(t, deployment.Spec.Template.Spec)
			exposed(t, one[corev1.Service](t, all, "Service", name), deployment)
			scaled(t, one[autoscalingv2.HorizontalPodAutoscaler](t, all, "HorizontalPodAutoscaler", name))
			if budget := one[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget", name); budget.Spec.MaxUnavailable.IntValue() != 1 {
				t.Errorf("%s: a drain may take %v replicas at once", name, budget.Spec.MaxUnavailable)
			}
			job := one[batchv1.Job](t, all, "Job", name+"-migrate").Spec.Template.Spec
			confined(t, job)
			if job.Containers[0].Image != container.Image || !slices.Equal(job.Containers[0].Args, []string{"migrate"}) {
				t.Errorf("%s-migrate runs %v of %s", name, job.Containers[0].Args, job.Containers[0].Image)
			}
			guarded(t, one[networkingv1.NetworkPolicy](t, all, "NetworkPolicy", name), i.platform, app)
			if account := one[corev1.ServiceAccount](t, all, "ServiceAccount", name); account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
				t.Errorf("%s gets a token for the cluster's API", name)
			}
		}
	})
}

func resources(t *testing.T, r corev1.ResourceRequirements) {
	t.Helper()
	got := []string{r.Requests.Memory().String(), r.Requests.Cpu().String(), r.Limits.Memory().String(), r.Limits.Cpu().String()}
	if want := []string{"512Mi", "500m", "1Gi", "1"}; !slices.Equal(got, want) {
		t.Errorf("memory and CPU are %v, want %v", got, want)
	}
}

// probes asks the app's own server for what the probes ask for.
func probes(t *testing.T, c corev1.Container) {
	t.Helper()
	for path, probe := range map[string][]*corev1.Probe{"/health/live": {c.StartupProbe, c.LivenessProbe}, "/health/ready": {c.ReadinessProbe}} {
		for _, p := range probe {
			if p.HTTPGet.Path != path || p.HTTPGet.Port.String() != c.Ports[0].Name {
				t.Errorf("%s: a probe asks for %s at port %s, want %s at %s", c.Name, p.HTTPGet.Path, p.HTTPGet.Port.String(), path, c.Ports[0].Name)
			}
			if status := get(t, p.HTTPGet.Path); status != 200 {
				t.Errorf("the app answers %d to %s", status, p.HTTPGet.Path)
			}
		}
	}
}

func confined(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	s, c := pod.SecurityContext, pod.Containers[0].SecurityContext
	if !*s.RunAsNonRoot || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
		t.Errorf("%s may run as root, without seccomp or with a token: %+v", pod.Containers[0].Name, s)
	}
	if *c.AllowPrivilegeEscalation || !*c.ReadOnlyRootFilesystem || !slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		t.Errorf("%s is not confined: %+v", pod.Containers[0].Name, c)
	}
}

func exposed(t *testing.T, s *corev1.Service, d *appsv1.Deployment) {
	t.Helper()
	port := s.Spec.Ports[0]
	if port.Port != 80 || port.TargetPort.String() != d.Spec.Template.Spec.Containers[0].Ports[0].Name || s.Spec.Type != corev1.ServiceTypeClusterIP {
		t.Errorf("Service %s leads from %d to %s", s.Name, port.Port, port.TargetPort.String())
	}
	for key, value := range s.Spec.Selector {
		if d.Spec.Template.Labels[key] != value || d.Spec.Selector.MatchLabels[key] != value {
			t.Errorf("Service %s selects %s=%s, which the pods do not have", s.Name, key, value)
		}
	}
}

func scaled(t *testing.T, h *autoscalingv2.HorizontalPodAutoscaler) {
	t.Helper()
	targets := map[corev1.ResourceName]int32{}
	for _, m := range h.Spec.Metrics {
		targets[m.Resource.Name] = *m.Resource.Target.AverageUtilization
	}
	want := map[corev1.ResourceName]int32{"cpu": 70, "memory": 80}
	if *h.Spec.MinReplicas != 3 || h.Spec.MaxReplicas != 10 || !maps.Equal(targets, want) || h.Spec.ScaleTargetRef.Name != h.Name {
		t.Errorf("%s scales %s from %d to %d at %v", h.Name, h.Spec.ScaleTargetRef.Name, *h.Spec.MinReplicas, h.Spec.MaxReplicas, targets)
	}
}

func guarded(t *testing.T, n *networkingv1.NetworkPolicy, platform string, a app) {
	t.Helper()
	label := platform + "-clients"
	if a.operators() {
		label = platform + "-operators"
	}
	if from := n.Spec.Ingress[0].From[0].NamespaceSelector.MatchLabels; !maps.Equal(from, map[string]string{label: "true"}) {
		t.Errorf("%s lets in %v, want the namespaces with %s", n.Name, from, label)
	}
}

// TestOverlaysAreComplete: with the overlay's settings and a Secret of the right
// keys, each app and each migration can read its settings, and has an image.
func TestOverlaysAreComplete(t *testing.T) {
	t.Parallel()
	i := committed(t)
	overlays, err := filepath.Glob(filepath.Join(i.root, "deploy/k8s/overlays/*"))
	if err != nil || len(overlays) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	secrets := i.withMail(t)
	for _, overlay := range overlays {
		t.Run(filepath.Base(overlay), func(t *testing.T) {
			t.Parallel()
			all := i.kustomize(t, "deploy/k8s/overlays/"+filepath.Base(overlay))
			for name, app := range i.apps {
				pod := one[appsv1.Deployment](t, all, "Deployment", name).Spec.Template.Spec
				complete(t, all, pod, app, secrets, app.secrets...)
				complete(t, all, one[batchv1.Job](t, all, "Job", name+"-migrate").Spec.Template.Spec, app, secrets)
				if image := pod.Containers[0].Image; !strings.Contains(image, "/") {
					t.Errorf("the overlay does not say where the image of %s is; add to its images: {name: %s, newName: registry.example.com/%s, newTag: latest}", name, image, image)
				}
				stopsInTime(t, all, pod, secrets, app.secrets...)
			}
		})
	}
}

func complete(t *testing.T, all objects, pod corev1.PodSpec, a app, secrets string, declared ...string) {
	t.Helper()
	config := settings(t, environment(t, all, pod.Containers[0]), mount(t, pod), given(t, pod, secrets), declared...)
	if config.Port != a.Port {
		t.Errorf("%s listens on %d, want %d", pod.Containers[0].Name, config.Port, a.Port)
	}
	if len(config.Proxies) == 0 || len(config.FirstOperators) == 0 || config.SMTPURL == "" {
		t.Errorf("%s does not know the ingress, the first operator or the mail server: %v", pod.Containers[0].Name, config.Redacted())
	}
}

// stopsInTime: the app is not killed while it still finishes its work.
func stopsInTime(t *testing.T, all objects, pod corev1.PodSpec, secrets string, declared ...string) {
	t.Helper()
	config := settings(t, environment(t, all, pod.Containers[0]), mount(t, pod), given(t, pod, secrets), declared...)
	needed := pod.Containers[0].Lifecycle.PreStop.Sleep.Seconds + int64(config.StopTime().Seconds())
	if *pod.TerminationGracePeriodSeconds <= needed {
		t.Errorf("pods are killed after %d s, but preStop, DRAIN_DELAY and STOP_GRACE take %d s", *pod.TerminationGracePeriodSeconds, needed)
	}
}

func environment(t *testing.T, all objects, c corev1.Container) map[string]string {
	t.Helper()
	values := maps.Clone(one[corev1.ConfigMap](t, all, "ConfigMap", c.EnvFrom[0].ConfigMapRef.Name).Data)
	for _, v := range c.Env {
		values[v.Name] = v.Value
	}
	return values
}

// TestPodsHaveOnlyTheirSecrets: what a pod finds of the Secret is what its
// settings name, beside what an overlay may name.
func TestPodsHaveOnlyTheirSecrets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, i installation) {
		all := i.kustomize(t, "deploy/k8s/base")
		for name := range i.apps {
			for _, pod := range []corev1.PodSpec{
				one[appsv1.Deployment](t, all, "Deployment", name).Spec.Template.Spec,
				one[batchv1.Job](t, all, "Job", name+"-migrate").Spec.Template.Spec,
			} {
				named := slices.Collect(maps.Values(environment(t, all, pod.Containers[0])))
				for _, key := range items(pod) {
					if !slices.Contains(named, mount(t, pod)+"/"+key.Path) && !key.optional {
						t.Errorf("%s of %s has %s, which none of its settings names", pod.Containers[0].Name, name, key.Key)
					}
				}
			}
		}
	})
}

// item is a key of the Secret that a pod is given.
type item struct {
	corev1.KeyToPath
	optional bool
}

func items(pod corev1.PodSpec) (all []item) {
	for _, v := range pod.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			for _, key := range source.Secret.Items {
				all = append(all, item{key, source.Secret.Optional != nil && *source.Secret.Optional})
			}
		}
	}
	return all
}

// given is the folder that the pod finds, if the Secret has what is in secrets.
func given(t *testing.T, pod corev1.PodSpec, secrets string) string {
	t.Helper()
	folder := t.TempDir()
	for _, key := range items(pod) {
		content, err := os.ReadFile(filepath.Join(secrets, key.Key))
		if err != nil && key.optional {
			continue
		}
		if err != nil {
			t.Fatalf("the pod cannot start: %v", err)
		}
		if err := os.WriteFile(filepath.Join(folder, key.Path), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// mount is where the container finds the Secret.
func mount(t *testing.T, pod corev1.PodSpec) string {
	t.Helper()
	for _, v := range pod.Volumes {
		for _, m := range pod.Containers[0].VolumeMounts {
			if v.Projected != nil && v.Name == m.Name {
				return m.MountPath
			}
		}
	}
	t.Fatal("no Secret is mounted")
	return ""
}
