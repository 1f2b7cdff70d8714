// Logs with zap: its production (JSON), its development (console) or its example configuration.
package main

import (
	"errors"
	"os"
	"time"

	"go.uber.org/zap"
)

func main() {
	made := map[string]func(...zap.Option) (*zap.Logger, error){"json": zap.NewProduction, "console": zap.NewDevelopment}
	logger, err := made[os.Args[1]]()
	if err != nil {
		panic(err)
	}
	logger = logger.Named("scoring")
	logger.Debug("loading model", zap.String("path", "model.joblib"))
	logger.Info(`scored: "YES" at é`, zap.String("request_id", "7f3a"), zap.Duration("duration", 12500*time.Microsecond))
	logger.Warn("feature AGE is missing")
	logger.Error("request failed", zap.String("request_id", "7f3b"), zap.Error(errors.New("model not loaded")))
	logger.Fatal("out of memory")
}
