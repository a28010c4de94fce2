//go:build !linux

package child

import "syscall"

// dieWithParent does nothing: only Linux ends children with their parent. If
// this process is killed here, its children must be stopped by hand.
func dieWithParent(*syscall.SysProcAttr) {}
