//go:build !linux

package local

import "syscall"

// attributes has a process made in a session of its own, as a user. The kernel
// cannot end it when the harness dies: Heal does.
func attributes(as *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: as}
}
