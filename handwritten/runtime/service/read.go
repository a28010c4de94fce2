package service

import (
	"context"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/query"
)

// PageRequest is what a caller asks of a list, as it came over HTTP.
type PageRequest struct {
	Scope query.Scope
	Where []query.Condition
	// Sort names a column, with a minus for descending; empty is the list's own order.
	Sort string
	// Limit is the page's size, if the client gave one.
	Limit httpx.Maybe[int32]
	// Cursor is the Next of the page before; empty for the first.
	Cursor string
	// Consistency is the token of a write that the page must show; empty for none.
	Consistency string
}

// ReadPage answers one page of a list. A cursor is good for the tenant and the
// list it was made for, nothing else.
func ReadPage[R any](ctx context.Context, d Deps, list query.List[R], r PageRequest) (httpx.Page[R], error) {
	if err := httpx.Await(ctx, d.Waiter, list.From.Consumer, r.Consistency); err != nil {
		return httpx.Page[R]{}, err
	}
	limit, err := httpx.Limits{Default: list.Limit, Max: list.MaxLimit}.Of(r.Limit)
	if err != nil {
		return httpx.Page[R]{}, err
	}
	bind := httpx.CursorBind(ctx, list.Name)
	cursor, err := d.Cursors.Open(bind, r.Cursor)
	if err != nil {
		return httpx.Page[R]{}, err
	}
	request := query.Request{Where: r.Where, Limit: limit, Cursor: cursor}
	if r.Sort != "" {
		request.Sort = []string{r.Sort}
	}
	page, err := list.Page(ctx, d.Query(), r.Scope, request)
	if err != nil {
		return httpx.Page[R]{}, err
	}
	answer := httpx.Page[R]{Items: page.Items}
	if page.Next != nil {
		answer.Next = d.Cursors.Seal(bind, page.Next)
	}
	return answer, nil
}
