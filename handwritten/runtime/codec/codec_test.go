package codec_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-faster/jx"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/oksai/oksai/handwritten/runtime/codec"
)

// roundTrip writes v and reads it back.
func roundTrip[T any](t interface{ Fatalf(string, ...any) }, v T, encode func(*jx.Encoder, T), decode func(*jx.Decoder) (T, error)) T {
	var e jx.Encoder
	encode(&e, v)
	if !json.Valid(e.Bytes()) {
		t.Fatalf("%v was written as %s, which is no JSON", v, e.Bytes())
	}
	got, err := decode(jx.DecodeBytes(e.Bytes()))
	if err != nil {
		t.Fatalf("read back %s: %v", e.Bytes(), err)
	}
	return got
}

func TestScalarsSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "at")).In(time.FixedZone("", 3600))
		if got := roundTrip(t, at, codec.EncodeTime, codec.DecodeTime); !got.Equal(at) || got.Location() != time.UTC {
			t.Fatalf("time %v came back as %v", at, got)
		}
		day := codec.Day(at)
		if got := roundTrip(t, day, codec.EncodeDate, codec.DecodeDate); !got.Equal(day) {
			t.Fatalf("day %v came back as %v", day, got)
		}
		length := time.Duration(rapid.Int64().Draw(t, "length"))
		if got := roundTrip(t, length, codec.EncodeDuration, codec.DecodeDuration); got != length {
			t.Fatalf("duration %v came back as %v", length, got)
		}
		text := rapid.String().Draw(t, "text")
		if got := roundTrip(t, text, codec.EncodeText[string], codec.DecodeText[string]); got != text {
			t.Fatalf("text %q came back as %q", text, got)
		}
		exact := decimal.New(rapid.Int64().Draw(t, "exact"), rapid.Int32Range(-20, 20).Draw(t, "exponent"))
		if got := roundTrip(t, exact, codec.EncodeDecimal, codec.DecodeDecimal); !got.Equal(exact) {
			t.Fatalf("decimal %v came back as %v", exact, got)
		}
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got := roundTrip(t, id, codec.EncodeUUID, codec.DecodeUUID); got != id {
			t.Fatalf("id %v came back as %v", id, got)
		}
	})
}

func TestCollectionsSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Int64()).Draw(t, "list")
		got := roundTrip(t, list, func(e *jx.Encoder, v []int64) { codec.EncodeList(e, v, codec.EncodeInt) },
			func(d *jx.Decoder) ([]int64, error) { return codec.DecodeList(d, (*jx.Decoder).Int64) })
		if len(got) != len(list) || len(list) > 0 && !reflect.DeepEqual(got, list) {
			t.Fatalf("list %v came back as %v", list, got)
		}
		m := rapid.MapOf(rapid.String(), rapid.Bool()).Draw(t, "map")
		back := roundTrip(t, m, func(e *jx.Encoder, v map[string]bool) { codec.EncodeMap(e, v, codec.EncodeBool) },
			func(d *jx.Decoder) (map[string]bool, error) { return codec.DecodeMap[string](d, (*jx.Decoder).Bool) })
		if !reflect.DeepEqual(back, m) {
			t.Fatalf("map %v came back as %v", m, back)
		}
	})
}

func TestNilListIsWrittenAsEmpty(t *testing.T) {
	t.Parallel()
	var e jx.Encoder
	codec.EncodeList(&e, []int64(nil), codec.EncodeInt)
	if got := e.String(); got != "[]" {
		t.Errorf("nil list was written as %s", got)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	var at time.Time
	err := codec.Object(jx.DecodeStr(`{"started_at":"yesterday"}`), func([]byte) (err error) { return nil })
	if err == nil {
		t.Error("a key whose value was not read went unnoticed")
	}
	d := jx.DecodeStr(`{"started_at":"yesterday"}`)
	err = codec.Object(d, func([]byte) (err error) {
		at, err = codec.DecodeTime(d)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "started_at") || !strings.Contains(err.Error(), "yesterday") {
		t.Errorf("error %v (%v) does not name the key and the value", err, at)
	}
}

func TestUnion(t *testing.T) {
	t.Parallel()
	a := []string{"x", "y"}
	got := codec.Union(a, []string{"y", "z", "z"})
	if want := []string{"x", "y", "z"}; !reflect.DeepEqual(got, want) {
		t.Errorf("union %v, want %v", got, want)
	}
	got[0] = "changed"
	if a[0] != "x" {
		t.Error("the union shares the array of its first list")
	}
	if !codec.SameSet([]string{"x", "y"}, []string{"y", "x"}) || codec.SameSet([]string{"x"}, []string{"y"}) || codec.SameSet([]string{"x"}, nil) {
		t.Error("SameSet does not compare sets")
	}
}

func TestDayIsThatOfUTC(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2024-03-01T00:30:00+02:00", "1969-12-31T23:00:00Z"} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := at.UTC().Date()
		if want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); !codec.Day(at).Equal(want) {
			t.Errorf("day of %s is %v, want %v", text, codec.Day(at), want)
		}
	}
}
