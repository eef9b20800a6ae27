package local

import "syscall"

// attributes has a process made in a session of its own, as a user, and sent a
// signal when the harness dies. The kernel takes the thread that made a process
// for its parent, and Go ends no thread that no goroutine has locked.
func attributes(as *syscall.Credential, onDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: as, Pdeathsig: onDeath}
}
