package child

import "syscall"

// dieWithParent has the kernel interrupt the child when this process ends, even
// by kill -9. It is the signal that PostgreSQL shuts down quickly by.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }
