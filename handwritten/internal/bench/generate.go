package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// generation times the generator on the platform's own specs. The generator is a
// module of its own that nothing may import, so its own benchmark is run: once
// in each process, since people wait for the first time.
func generation(ctx context.Context, l *lab) ([]line, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(l.dir, "generator.test")
	compile := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "./cmd/oksai")
	compile.Dir = filepath.Join(root, "codegen")
	if out, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the generator's benchmark: %w\n%s", err, out)
	}
	times := map[string][]time.Duration{}
	for range l.runs {
		run := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", "Generate", "-test.benchtime", "1x")
		run.Dir = filepath.Join(root, "codegen", "cmd", "oksai")
		out, err := run.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("run the generator's benchmark: %w\n%s", err, out)
		}
		for _, part := range []string{"without-sqlc-and-ogen", "all"} {
			took, err := benchmarkTime(string(out), "BenchmarkGenerate/"+part)
			if err != nil {
				return nil, err
			}
			times[part] = append(times[part], took)
		}
	}
	return []line{
		below("generation of the spec, without sqlc and ogen", 300*time.Millisecond, median(times["without-sqlc-and-ogen"]), seconds),
		below("generation of the spec", 10*time.Second, median(times["all"]), seconds),
	}, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	file, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(file))), err
}

// benchmarkTime finds the time of one operation in what go test prints: name,
// count, time, unit.
func benchmarkTime(out, name string) (time.Duration, error) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !strings.HasPrefix(fields[0], name) {
			continue
		}
		nanoseconds, err := strconv.ParseFloat(fields[2], 64)
		return time.Duration(nanoseconds), err
	}
	return 0, fmt.Errorf("there is no %s in:\n%s", name, out)
}
