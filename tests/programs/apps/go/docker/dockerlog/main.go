// Copies a container's standard output into Docker's log files, by Docker's own drivers: json-file or local.
package main

import (
	"io"
	"os"
	"time"

	"github.com/docker/docker/daemon/logger"
	"github.com/docker/docker/daemon/logger/jsonfilelog"
	"github.com/docker/docker/daemon/logger/local"
)

func main() {
	made := map[string]func(logger.Info) (logger.Logger, error){"json-file": jsonfilelog.New, "local": local.New}
	driver, err := made[os.Args[1]](logger.Info{
		ContainerID:     "0123456789abcdef0123456789abcdef",
		ContainerName:   "/scoring",
		ContainerLabels: map[string]string{"com.example.team": "fraud"},
		LogPath:         os.Args[2],
		Config:          options(os.Args[1]),
	})
	if err != nil {
		panic(err)
	}
	copier := logger.NewCopier(map[string]io.Reader{"stderr": os.Stdin}, driver)
	copier.Run()
	copier.Wait()
	time.Sleep(100 * time.Millisecond)
	if err := driver.Close(); err != nil {
		panic(err)
	}
}

func options(driver string) map[string]string {
	if driver == "local" {
		return map[string]string{"compress": "false"}
	}
	return map[string]string{"labels": "com.example.team"}
}
