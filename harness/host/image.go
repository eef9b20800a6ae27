package host

import "io/fs"

// Image is what a node runs from. With neither Files nor Program, Name is
// taken as it is: the user's own image.
type Image struct {
	Name string // repository name, without a tag when it is built here
	// Base is what the Dockerfile builds on: its build argument BASE is set
	// to a reference to it. The zero Base is an empty image.
	Base Base
	// Dockerfile is which of Files builds it; "": Dockerfile.
	Dockerfile string
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
	// Chosen, if not "", is the version that was asked for: only Folders, which are those of
	// that version, will do.
	Chosen string
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
	// Check, if not "", says that it is an image of the user's own: a script that sh runs in
	// it before anything is built on it, and that prints what it lacks. Such an image counts
	// by its contents, since its name may mean another one tomorrow.
	Check string
	// Missing, if not "", is why there is no such base, and what to do.
	Missing string
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
