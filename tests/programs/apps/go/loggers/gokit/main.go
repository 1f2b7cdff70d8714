// Logs with go-kit's log, which writes go-logfmt's form, as Prometheus did.
package main

import (
	"os"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

func main() {
	logger := log.With(log.NewLogfmtLogger(os.Stderr), "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller)
	_ = level.Debug(logger).Log("msg", "loading model", "path", "model.joblib")
	_ = level.Info(logger).Log("msg", `scored: "YES" at é`, "request_id", "7f3a", "duration_ms", 12.5)
	_ = level.Warn(logger).Log("msg", "feature AGE is missing")
	_ = level.Error(logger).Log("msg", "request failed", "request_id", "7f3b", "err", "model not loaded")
}
