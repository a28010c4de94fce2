package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// least is enough for every measurement to happen once. The app is built as the
// end-to-end tests build it.
var least = scale{pairs: 1, turn: 50 * time.Millisecond, events: fillBatch, rate: 50, watch: time.Second, commands: 400, tenants: 20, runs: 1, flags: []string{"-race"}}

// TestMeasurements keeps the measurements working; what they find is not judged.
// The generator is left out: its module tests its own benchmark.
func TestMeasurements(t *testing.T) {
	l, err := openLab(t.Context(), least)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, row := range rows {
		if row.name == "generate" {
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			lines, err := row.measure(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			printTable(&out, lines)
			t.Logf("\n%s", out.String())
		})
	}
	if _, err := l.describe(t.Context(), loadAverage()); err != nil {
		t.Error(err)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	fast, slow := pace{perSecond: 200}, pace{perSecond: 100}
	for _, c := range []struct {
		line line
		want string
	}{
		{ratio("", "", 2, duel{2, fast, slow}), "reached"},
		{ratio("", "", 2, duel{1, slow, slow}), "missed by 50 %"},
		{below("", 2*time.Second, time.Second, seconds), "reached"},
		{below("", 2*time.Second, 3*time.Second, seconds), "missed by 50 %"},
	} {
		if got := c.line.verdict(); got != c.want {
			t.Errorf("target %s, reached %s: %s, want %s", c.line.target, c.line.reached, got, c.want)
		}
	}
}

// TestCompareTakesTheMedian: one bad pair of three changes nothing, and the first
// pair, which warms up, does not count.
func TestCompareTakesTheMedian(t *testing.T) {
	l := &lab{scale: scale{pairs: 3}}
	turns := 0
	takes := func(durations ...time.Duration) side {
		next := 0
		return func(context.Context, time.Time) (int, error) {
			turns++
			<-time.After(durations[next])
			next++
			return 1, nil
		}
	}
	const ms = time.Millisecond
	d, err := l.compare(t.Context(), takes(90*ms, 10*ms, 10*ms, 90*ms), takes(30*ms, 30*ms, 30*ms, 30*ms))
	if err != nil || turns != 8 {
		t.Fatalf("%d turns: %v", turns, err)
	}
	if d.ratio < 1.5 || d.ratio > 4 {
		t.Errorf("the ratio is %.2f, want about 3", d.ratio)
	}
}

func TestBenchmarkTime(t *testing.T) {
	t.Parallel()
	out := strings.Join([]string{"goos: linux", "BenchmarkGenerate/all-2   \t       1\t 5014250136 ns/op"}, "\n")
	if took, err := benchmarkTime(out, "BenchmarkGenerate/all"); err != nil || took != 5014250136 {
		t.Errorf("%v, %v", took, err)
	}
	if _, err := benchmarkTime(out, "BenchmarkGenerate/none"); err == nil {
		t.Error("a benchmark that is not there has a time")
	}
}
