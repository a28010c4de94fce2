package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// describe says what the figures were taken on.
func (l *lab) describe(ctx context.Context, load string) (string, error) {
	disk, err := syncTime(l.dir)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, l.engines.PostgresURL)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return fmt.Sprintf("%d cores (%s), %s of memory, load %s before the run; Linux %s, %s, PostgreSQL %s; a synced write of 8 kB takes %s.",
		runtime.NumCPU(), field("/proc/cpuinfo", "model name"), field("/proc/meminfo", "MemTotal"), load,
		text("/proc/sys/kernel/osrelease"), runtime.Version(), conn.PgConn().ParameterStatus("server_version"), disk), nil
}

func loadAverage() string { return strings.Join(strings.Fields(text("/proc/loadavg"))[:3], " ") }

// syncTime is how long the disk takes to keep a page, which bounds what one
// commit after the other can reach.
func syncTime(dir string) (time.Duration, error) {
	file, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	page := make([]byte, 8192)
	var times []time.Duration
	for range 100 {
		started := time.Now()
		if _, err := file.WriteAt(page, 0); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(started))
	}
	return median(times).Round(10 * time.Microsecond), nil
}

// tick is the unit in which Linux tells processes their times, 1/100 s on all its platforms.
const tick = 10 * time.Millisecond

// thisProcess is the clients, and what is measured without a process of its own.
const thisProcess = "this process"

// usage is CPU time by what used it.
type usage map[string]time.Duration

// treeCPU is what this process and all below it have used: the clients, the
// engines and the apps.
func treeCPU() usage {
	parents, times, names := map[int]int{}, map[int]time.Duration{}, map[int]string{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
		// The name, in parentheses, may hold anything; after it come state, parent, and from the twelfth on the times.
		name, rest, _ := strings.Cut(text(path), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			continue // the process has just ended: its parent has its time
		}
		_, names[pid], _ = strings.Cut(name, "(")
		parents[pid], _ = strconv.Atoi(fields[1])
		for _, used := range fields[11:15] {
			ticks, _ := strconv.Atoi(used)
			times[pid] += time.Duration(ticks) * tick
		}
	}
	used, self := usage{}, os.Getpid()
	for pid := range parents {
		switch {
		case pid == self:
			used[thisProcess] += times[pid]
		case names[pid] == names[self] && parents[pid] == self:
			used["clickhouse"] += times[pid] // the embedded one is a second process of the same program
		case descends(pid, self, parents):
			used[names[pid]] += times[pid]
		}
	}
	return used
}

func (u usage) sum() (sum time.Duration) {
	for _, d := range u {
		sum += d
	}
	return sum
}

// per is the share of one of a number of operations in what was used since before.
func (u usage) per(operations int, before usage) usage {
	each := usage{}
	for name, d := range u {
		each[name] = max(0, d-before[name]) / time.Duration(operations)
	}
	return each
}

// String lists the users, the greatest first.
func (u usage) String() string {
	var parts []string
	for _, name := range slices.SortedFunc(maps.Keys(u), func(a, b string) int { return cmp.Compare(u[b], u[a]) }) {
		if rounded := u[name].Round(time.Microsecond); rounded > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", name, rounded))
		}
	}
	return strings.Join(parts, ", ")
}

func descends(pid, from int, parents map[int]int) bool {
	for ; pid > 1; pid = parents[pid] {
		if pid == from {
			return true
		}
	}
	return false
}

// residentMB is the memory a process occupies, and peakMB the most it did.
func residentMB(pid int) float64 { return statusMB(pid, "VmRSS") }
func peakMB(pid int) float64     { return statusMB(pid, "VmHWM") }

func statusMB(pid int, name string) float64 {
	kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/status", pid), name), " kB"), 64)
	return kilobytes / 1024
}

// field is a value in a file of lines "name: value"; empty if there is none.
func field(path, name string) string {
	for line := range strings.Lines(text(path)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// text is a file's, empty if it cannot be read.
func text(path string) string {
	raw, _ := os.ReadFile(path)
	return strings.TrimSpace(string(raw))
}
