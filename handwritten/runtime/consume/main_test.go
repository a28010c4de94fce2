package consume_test

import (
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }
