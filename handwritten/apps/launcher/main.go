// Command launcher runs all apps of the platform on this machine, over one set of engines.
package main

import (
	"github.com/oksai/oksai/gen/apps"
	"github.com/oksai/oksai/handwritten/apps/internal/demo"
	"github.com/oksai/oksai/handwritten/runtime/service"
)

func main() {
	platform := apps.Platform()
	platform.Front, platform.Demo = "demo-api", demo.ForUsers()
	service.Launch(platform)
}
