package check

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// findKeys: what finds one row tells all rows apart: the key, or columns that are unique.
//
//	good: {find: tenant_by_slug, by: [slug]}      # unique: [slug]
//	bad:  {find: tenant_by_slug, by: [name]}
func findKeys(p *ir.Platform, diags *diag.List) {
	for _, q := range queries(p) {
		if q.Kind != ir.Find || len(q.By) == 0 {
			continue
		}
		if !sameSet(q.By, names(q.Projection.Key)) && !slices.ContainsFunc(q.Projection.Unique, func(u []string) bool { return sameSet(q.By, u) }) {
			diags.Errorf(q.Pos, "find-not-unique", "several rows of %s may have the same %s", q.Projection.Name, strings.Join(q.By, ", ")).
				WithRelated(q.Projection.Pos, "declared here").WithHint("find by its key or its `unique` columns, or use `list`")
		}
	}
}

func names(fields []*ir.Field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Name)
	}
	return all
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
