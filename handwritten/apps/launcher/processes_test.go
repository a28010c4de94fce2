package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// descendants are the command lines of what the launcher started, directly or not, by pid.
func (p *platform) descendants(t *testing.T) map[int]string {
	t.Helper()
	all := map[int]string{}
	var visit func(pid int)
	visit = func(pid int) {
		lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			for _, field := range strings.Fields(string(text)) {
				child, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				line, _ := os.ReadFile("/proc/" + field + "/cmdline")
				all[child] = strings.ReplaceAll(string(line), "\x00", " ")
				visit(child)
			}
		}
	}
	visit(p.cmd.Process.Pid)
	return all
}

// process is the pid of an app; 0 while it does not run.
func (p *platform) process(t *testing.T, app string) int {
	t.Helper()
	for pid, line := range p.descendants(t) {
		if strings.HasPrefix(line, programs+app+" ") {
			return pid
		}
	}
	return 0
}

// alive tells whether pid still does something: a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, state, found := bytes.Cut(stat, []byte(") "))
	return err == nil && found && state[0] != 'Z'
}
