package host

import "io/fs"

// Image is what a node runs from. With neither Files nor Program, Name is
// taken as it is: the user's own image.
type Image struct {
	Name string // repository name, without a tag when it is built here
	// Base is what the Dockerfile builds on: its build argument BASE is set
	// to a reference to it. The zero Base is an empty image.
	Base Base
	// Files are the Dockerfile and what it copies. A change of any of them
	// makes a new image.
	Files fs.FS
	// Program, if set, is compiled for the engine's platform and added to
	// the files under the name of its last path element.
	Program *Program
	// Native, if set, is how a host without containers makes the same of what
	// is installed on its machine.
	Native *Native
}

// Native makes a folder on this machine into what an image holds ready-made.
// Commands in it are run with that folder as their working directory and as
// [EnvRoot], and with the image's Files in the folder "image" below it.
type Native struct {
	// Programs must all be in one folder: one of PATH, or one that fits a
	// pattern of Folders. Of several, that of the highest version is taken.
	// It becomes the first of the nodes' PATH.
	Programs []string
	Folders  []string // "/usr/lib/mydb/*/bin"
	// Install is the one command that brings the programs, by GOOS.
	Install map[string]string
	// Users are whom root may run the programs as, the best first. They are
	// run as the harness' own user otherwise.
	Users []string
	// Prepare is run once, in an empty folder. What it leaves there is kept
	// and copied for every node.
	Prepare []string
	// Command is the main process. Booted, if set, is a shell command that
	// ends with 0 once a boot has come so far that other commands may be run.
	// The folder dev/shm of a node is empty at every boot.
	Command []string
	Booted  string
	// Env is the image's own environment. The variables that hosts add are
	// replaced by their values.
	Env map[string]string
}

// Base names a distribution image.
type Base struct {
	Reference string // "debian:trixie-slim"
	Suite     string // "trixie": what to bootstrap when no registry answers
}

// Program is a Go command, compiled to one static file.
type Program struct {
	Package string // import path of the command
	// Module and Version pin the module that holds it. Empty: the package is
	// of this module.
	Module, Version string
	// Sum is the go.sum that the build must match.
	Sum []byte
	// Commit has the program of this module know which commit it was built from.
	Commit bool
}
