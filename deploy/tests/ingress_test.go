package tests

import (
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// TestTheWorldFindsEachApp: at one host over TLS, without its metrics; operators'
// apps by an Ingress that leads to no others.
func TestTheWorldFindsEachApp(t *testing.T) {
	t.Parallel()
	i := committed(t)
	overlays, err := filepath.Glob(filepath.Join(i.root, "deploy/k8s/overlays/*"))
	if err != nil || len(overlays) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	for _, overlay := range overlays {
		t.Run(filepath.Base(overlay), func(t *testing.T) {
			t.Parallel()
			all := i.kustomize(t, "deploy/k8s/overlays/"+filepath.Base(overlay))
			hosts := map[string]string{}
			for name := range all["Ingress"] {
				ingress := one[networkingv1.Ingress](t, all, "Ingress", name)
				for _, rule := range ingress.Spec.Rules {
					app := led(t, all, rule)
					if hosts[app] != "" || rule.Host == "" || !encrypted(ingress, rule.Host) {
						t.Errorf("%s is at %q and at %q, of which the last has TLS: %t", app, hosts[app], rule.Host, encrypted(ingress, rule.Host))
					}
					hosts[app] = rule.Host
					if i.apps[app].operators() && len(ingress.Spec.Rules) > 1 {
						t.Errorf("%s is for operators, but %s leads to other apps, too", app, name)
					}
				}
			}
			for app := range i.apps {
				if hosts[app] == "" {
					t.Errorf("no Ingress leads to %s: give it a host in the overlay's ingress.yaml", app)
				}
			}
		})
	}
}

// led is the app that a rule leads to by every path but /metrics, which has no pods behind it.
func led(t *testing.T, all objects, rule networkingv1.IngressRule) string {
	t.Helper()
	behind := map[string]*corev1.Service{}
	for _, path := range rule.HTTP.Paths {
		service := one[corev1.Service](t, all, "Service", path.Backend.Service.Name)
		if port := path.Backend.Service.Port; port.Name != service.Spec.Ports[0].Name {
			t.Errorf("%s%s leads to the port %q of %s", rule.Host, path.Path, port.Name, service.Name)
		}
		behind[path.Path+" "+string(*path.PathType)] = service
	}
	root, metrics := behind["/ Prefix"], behind["/metrics Exact"]
	if root == nil || metrics == nil || len(metrics.Spec.Selector) > 0 || len(behind) != 2 {
		t.Fatalf("%s leads /, and /metrics to nowhere, or does not: %v", rule.Host, behind)
	}
	return root.Spec.Selector["app.kubernetes.io/name"]
}

func encrypted(ingress *networkingv1.Ingress, host string) bool {
	return slices.ContainsFunc(ingress.Spec.TLS, func(tls networkingv1.IngressTLS) bool {
		return tls.SecretName != "" && slices.Contains(tls.Hosts, host)
	})
}
