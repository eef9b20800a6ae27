package host

import "io/fs"

// Image is what a container host runs a node from. With neither Files nor
// Program, Name is taken as it is: the user's own image.
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
}
