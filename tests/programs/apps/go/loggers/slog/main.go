// Logs with log/slog's TextHandler (logfmt) or JSONHandler, or Go's plain log package.
package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"time"
)

func main() {
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: os.Args[1] == "json"}
	switch os.Args[1] {
	case "text":
		slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, options)))
	case "json":
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, options)))
	case "log":
		log.Print("loading model from model.joblib")
		log.Printf("scored: %q in %v", "YES", 12500*time.Microsecond)
		log.SetFlags(log.LstdFlags | log.Lmicroseconds | log.Lshortfile | log.LUTC)
		log.Print("two lines:\nthe second line")
		log.Panic("model not loaded")
	}
	slog.Debug("loading model", "path", "model.joblib")
	slog.Info(`scored: "YES" at é`, "request_id", "7f3a", "duration", 12500*time.Microsecond, slog.Group("http", "method", "POST", "path", "/predict", "status", 200))
	slog.Warn("feature AGE is missing")
	slog.Error("request failed", "request_id", "7f3b", "err", errors.New("model not loaded"))
	slog.Log(context.Background(), slog.LevelError+4, "two lines:\nthe second line")
}
