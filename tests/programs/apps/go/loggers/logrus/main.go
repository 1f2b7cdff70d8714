// Logs with logrus: text where there is no terminal (logfmt), text on a terminal (coloured), or JSON.
package main

import (
	"errors"
	"os"

	"github.com/sirupsen/logrus"
)

func main() {
	logrus.SetLevel(logrus.TraceLevel)
	switch os.Args[1] {
	case "json":
		logrus.SetFormatter(&logrus.JSONFormatter{})
	case "color":
		logrus.SetFormatter(&logrus.TextFormatter{ForceColors: true, FullTimestamp: true})
	}
	logrus.Trace("entering")
	logrus.WithField("path", "model.joblib").Debug("loading model")
	logrus.WithFields(logrus.Fields{"request_id": "7f3a", "duration_ms": 12.5}).Info(`scored: "YES" at é`)
	logrus.Warn("feature AGE is missing")
	logrus.WithError(errors.New("model not loaded")).WithField("request_id", "7f3b").Error("request failed")
	logrus.Fatal("out of memory")
}
