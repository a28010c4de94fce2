package main

import (
	"testing"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

func TestMain(m *testing.M) { apptest.Main(m, ".") }

// program is the app under test.
const program = "demo-api"
