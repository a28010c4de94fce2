package load

import (
	"strconv"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/expr"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/syntax"
)

// PlatformAdmin is the role that reads across tenants.
const PlatformAdmin = "PlatformAdmin"

func (l *loader) readPlatform() {
	p := l.platform
	p.Name, p.Doc, p.Pos = l.root.Text("platform"), l.root.Text("doc"), l.root.Node.Pos
	if p.Name == "" {
		l.diags.Errorf(p.Pos, "missing-key", "the platform has no name").WithHint("begin with `platform: <name>`")
	}
	for _, role := range l.root.Texts("roles") {
		p.Roles = append(p.Roles, role.Text)
	}
	l.readDefaults()
	l.readBus()
	l.readTopics()
	for _, e := range l.root.Entries("apps") {
		p.Apps = append(p.Apps, l.readApp(e))
	}
}

func (l *loader) readDefaults() {
	r := syntax.Read(l.root.Get("defaults"), grammar.Defaults, &l.diags)
	page := syntax.Read(r.Get("page"), grammar.Page, &l.diags)
	l.platform.Defaults = ir.Defaults{
		SnapshotEvery: orElse(r.Int("snapshot_every"), 100),
		PageSize:      orElse(page.Int("size"), 50),
		PageMax:       orElse(page.Int("max"), 200),
		TTLDays:       l.days(r, "ttl"),
	}
	page.Done()
	r.Done()
}

func (l *loader) readBus() {
	r := syntax.Read(l.root.Get("bus"), grammar.Bus, &l.diags)
	l.platform.Bus = ir.Bus{Topic: r.Text("topic"), Partitions: int(orElse(r.Int("partitions"), 12))}
	switch topic := l.platform.Bus.Topic; {
	case topic == "":
		l.platform.Bus.Topic = "{module}-events"
	case !strings.Contains(topic, "{module}"):
		l.diags.Errorf(r.Node.Get("topic").Pos, "bad-topic", "the topic %q is the same for all modules", topic).WithHint("write \"{module}-events\"")
	}
	if l.platform.Bus.Partitions < 1 {
		l.diags.Errorf(r.Node.Get("partitions").Pos, "bad-topic", "a topic has at least one partition")
	}
	r.Done()
}

// readTopics names each module's public topic: what its `topic` says, else by the pattern.
func (l *loader) readTopics() {
	for _, m := range l.modules {
		if m.ir.Topic = m.spec.Text("topic"); m.ir.Topic == "" {
			m.ir.Topic = l.platform.Bus.TopicOf(m.ir.Name)
		}
	}
}

func (l *loader) readApp(e syntax.Entry) *ir.App {
	r := syntax.Read(e.Value, grammar.App, &l.diags)
	app := &ir.App{
		Name: e.Key, Doc: r.Text("doc"), Port: int(orElse(r.Int("port"), 0)), Pos: e.Pos,
		Operators: r.Choice("audience") == "operators",
	}
	if app.Doc == "" {
		app.Doc = l.platform.Doc
	}
	for _, n := range r.Texts("modules") {
		m := l.module(n.Text)
		if m == nil {
			l.diags.Errorf(n.Pos, "unknown-module", "there is no module %q", n.Text).Suggest(n.Text, l.moduleNames())
			continue
		}
		app.Modules = append(app.Modules, m.ir)
	}
	r.Done()
	return app
}

func (l *loader) resolveTenancy() {
	n := l.root.Get("tenancy")
	if n == nil {
		return
	}
	r := syntax.Read(n, grammar.Tenancy, &l.diags)
	name := r.Text("aggregate")
	a := l.findAggregate(name, nil)
	if a == nil {
		l.unknownAggregate(n.Pos, name)
		return
	}
	scope := expr.NewScope(stateRoot(a.ir))
	l.platform.Tenancy = &ir.Tenancy{
		Aggregate: a.ir, Active: l.condition(r, "active", scope),
		CallsPerDay: l.expression(r, "calls_per_day", ir.Type{Kind: ir.Int}, scope),
		StorageGB:   l.expression(r, "storage_gb", ir.Type{Kind: ir.Int}, scope),
	}
	if l.platform.Tenancy.Active == nil && r.Node.Get("active") == nil {
		l.diags.Errorf(n.Pos, "missing-key", "tenancy does not say when a tenant is active").WithHint("add `active: state.status == 'active'`")
	}
	r.Done()
}

// findAggregate finds "module.Name", or "Name" in the module at hand.
func (l *loader) findAggregate(name string, here *module) *aggregate {
	if mod, local, ok := strings.Cut(name, "."); ok {
		here, name = l.module(mod), local
	}
	if here == nil {
		return nil
	}
	return here.aggregate(name)
}

func (l *loader) unknownAggregate(pos diag.Pos, name string) {
	var names []string
	for _, m := range l.modules {
		for _, a := range m.aggregates {
			if strings.Contains(name, ".") {
				names = append(names, m.ir.Name+"."+a.ir.Name)
			} else {
				names = append(names, a.ir.Name)
			}
		}
	}
	l.diags.Errorf(pos, "unknown-aggregate", "there is no aggregate %q", name).Suggest(name, names)
}

// days reads a span such as 30d, 12w or 2y; absent is 0.
func (l *loader) days(r *syntax.Reader, key string) int64 {
	text := r.Text(key)
	if text == "" {
		return 0
	}
	units := map[byte]int64{'d': 1, 'w': 7, 'y': 365}
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 32)
	if unit := units[text[len(text)-1]]; err == nil && unit > 0 && n > 0 {
		return n * unit
	}
	l.diags.Errorf(r.Node.Get(key).Pos, "bad-literal", "%q is not a span of days", text).WithHint("write it as 30d, 12w or 2y")
	return 0
}

func orElse(n *int64, otherwise int64) int64 {
	if n == nil {
		return otherwise
	}
	return *n
}
