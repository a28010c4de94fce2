// Package httpx is what all HTTP APIs of the platform have in common: the
// middleware around them, the one form of errors, access rules, the headers of
// commands and queries, and the server itself. Generated code fills in the rest.
package httpx
