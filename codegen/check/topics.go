package check

import (
	"regexp"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// topicForm is what Kafka takes as a topic's name.
var topicForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// topics: every module has a public topic of its own, which Kafka can have.
//
//	good: bus: {topic: "{module}-events"}   # and topic: work in job.yaml
//	bad:  bus: {topic: "{module}/events"}   # or one topic for two modules, or the platform's log
func topics(p *ir.Platform, diags *diag.List) {
	taken := map[string]*ir.Module{}
	for _, m := range p.Modules {
		switch other := taken[m.Topic]; {
		case !topicForm.MatchString(m.Topic):
			diags.Errorf(m.Pos, "bad-topic", "%q cannot be the topic of %s", m.Topic, m.Name).
				WithHint("use letters, digits, dots, underscores and dashes, at most 249, in `topic` here or in `bus` of platform.yaml")
		case m.Topic == p.Name+"-log":
			diags.Errorf(m.Pos, "bad-topic", "the topic %q of %s is where the platform keeps all events", m.Topic, m.Name).WithHint("choose another `topic`")
		case other != nil:
			diags.Errorf(m.Pos, "bad-topic", "%s has the topic of %s", m.Name, other.Name).WithRelated(other.Pos, "the other one").WithHint("choose another `topic`")
		}
		taken[m.Topic] = m
	}
}
