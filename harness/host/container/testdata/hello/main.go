// Command hello stays until it is told to end. Tests build an image of it.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	fmt.Println("hello")
	<-ended
	fmt.Println("goodbye")
}
