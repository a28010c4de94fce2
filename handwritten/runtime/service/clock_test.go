package service

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestClockFollowsItsFileForwardOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clock")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0s\n")
	now, err := clockAhead(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		text string
		want time.Duration
	}{{"0s", 0}, {"720h", 720 * time.Hour}, {"1h", 720 * time.Hour}, {"soon", 720 * time.Hour}, {"721h", 721 * time.Hour}} {
		write(step.text)
		before := utcNow()
		if ahead := now().Sub(before); ahead < step.want || ahead > step.want+time.Minute {
			t.Errorf("with %q the clock is %v ahead, want %v", step.text, ahead, step.want)
		}
	}
}

func TestClockThatCannotBeReadIsAMistake(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clock")
	if _, err := clockAhead(file); err == nil {
		t.Error("a file that is missing is accepted")
	}
	for _, text := range []string{"", "soon", "-1h", "720"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := clockAhead(file); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
