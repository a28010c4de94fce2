//go:build !linux

package embedded

import "syscall"

// dieWithParent does nothing: only Linux ends children with their parent. If
// this process is killed here, its engines must be stopped by hand.
func dieWithParent(*syscall.SysProcAttr) {}
