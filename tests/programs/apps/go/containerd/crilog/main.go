// Copies a container's standard output into a pod's log file, by containerd's own code.
package main

import (
	"os"
	"strconv"

	cri "github.com/containerd/containerd/pkg/cri/io"
	"github.com/containerd/containerd/pkg/ioutil"
)

func main() {
	longest, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	pod, stopped := cri.NewCRILogger(os.Args[1], ioutil.NewSerialWriteCloser(file), cri.Stderr, longest)
	if _, err := file.Stat(); err != nil {
		panic(err)
	}
	buffer := make([]byte, 1024)
	for {
		read, err := os.Stdin.Read(buffer)
		if read > 0 {
			_, _ = pod.Write(buffer[:read])
		}
		if err != nil {
			break
		}
	}
	_ = pod.Close()
	<-stopped
}
