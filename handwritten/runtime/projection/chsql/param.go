// Package chsql binds Go values to ClickHouse's server-side parameters,
// {name:Type}. Values never become part of the SQL text, and times keep their
// microseconds, which the driver's own binding loses.
package chsql

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	dateText = "2006-01-02"
	timeText = "2006-01-02 15:04:05.000000"
)

// Param binds value as parameter name of the given ClickHouse type, e.g.
// "Array(UUID)". Nil, or a nil pointer, is NULL.
func Param(name, typ string, value any) (driver.NamedValue, error) {
	v := indirect(reflect.ValueOf(value))
	if !v.IsValid() {
		return clickhouse.Named(name, nil), nil
	}
	text, err := format(v, typ, false)
	if err != nil {
		return driver.NamedValue{}, fmt.Errorf("bind parameter %s as %s: %w", name, typ, err)
	}
	if _, list := Element(typ); list {
		return clickhouse.Named(name, literal(text)), nil
	}
	return clickhouse.Named(name, text), nil
}

// literal is text that the driver must send as it stands. The server takes a
// plain value as escaped text, which the driver sees to, but a list's as is.
type literal string

func (l literal) String() string { return string(l) }

// Text is the text form that Param binds; NULL has none, ok is then false.
func Text(typ string, value any) (text string, ok bool, err error) {
	v := indirect(reflect.ValueOf(value))
	if !v.IsValid() {
		return "", false, nil
	}
	text, err = format(v, typ, false)
	return text, true, err
}

// Bare strips Nullable and LowCardinality from a type's name.
func Bare(typ string) string {
	for _, wrapper := range []string{"LowCardinality", "Nullable"} {
		if inner, ok := unwrap(typ, wrapper); ok {
			return Bare(inner)
		}
	}
	return typ
}

// Nullable reports whether NULL is a value of the type.
func Nullable(typ string) bool {
	if inner, ok := unwrap(typ, "LowCardinality"); ok {
		typ = inner
	}
	return strings.HasPrefix(typ, "Nullable(")
}

// Element is the type of an array's elements.
func Element(typ string) (string, bool) { return unwrap(Bare(typ), "Array") }

func unwrap(typ, wrapper string) (string, bool) {
	inner, ok := strings.CutPrefix(typ, wrapper+"(")
	return strings.TrimSuffix(inner, ")"), ok
}

// indirect follows pointers, but stops at a *big.Int or the like: what prints
// itself needs its pointer.
func indirect(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		if v.IsNil() {
			return reflect.Value{}
		}
		if _, prints := v.Elem().Interface().(fmt.Stringer); !prints {
			if _, prints = v.Interface().(fmt.Stringer); prints {
				return v
			}
		}
		v = v.Elem()
	}
	return v
}

func format(v reflect.Value, typ string, nested bool) (string, error) {
	typ = Bare(typ)
	if element, ok := Element(typ); ok {
		return array(v, element)
	}
	text, err := scalar(v, typ)
	if err != nil || !nested || !quoted(typ) {
		return text, err
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'", nil
}

func array(v reflect.Value, element string) (string, error) {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return "", fmt.Errorf("%s is not a list of %s", v.Type(), element)
	}
	items := make([]string, v.Len())
	for i := range items {
		item := indirect(v.Index(i))
		if !item.IsValid() {
			items[i] = "NULL"
			continue
		}
		text, err := format(item, element, true)
		if err != nil {
			return "", err
		}
		items[i] = text
	}
	return "[" + strings.Join(items, ",") + "]", nil
}

func scalar(v reflect.Value, typ string) (string, error) {
	switch value := v.Interface().(type) {
	case time.Time:
		if strings.HasPrefix(typ, "DateTime") {
			return value.UTC().Format(timeText), nil
		}
		return value.Format(dateText), nil
	case fmt.Stringer:
		return value.String(), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), nil
	}
	return "", fmt.Errorf("a %s cannot be sent to ClickHouse as %s", v.Type(), typ)
}

// quoted tells which types stand in quotes inside an array's text.
func quoted(typ string) bool {
	for _, prefix := range []string{"String", "FixedString", "UUID", "Date", "Enum", "IPv"} {
		if strings.HasPrefix(typ, prefix) {
			return true
		}
	}
	return false
}
