// Logs with zerolog: JSON, with the time as text or in milliseconds, or its console.
package main

import (
	"errors"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
)

func main() {
	switch os.Args[1] {
	case "unix":
		zerolog.TimeFieldFormat = zerolog.TimeFormatUnixMs
	case "console":
		log.Logger = log.Output(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.RFC3339})
	}
	log.Trace().Msg("entering")
	log.Debug().Str("path", "model.joblib").Msg("loading model")
	log.Info().Str("request_id", "7f3a").Dur("duration_ms", 12500*time.Microsecond).Msg(`scored: "YES" at é`)
	log.Warn().Msg("feature AGE is missing")
	log.Error().Err(errors.New("model not loaded")).Str("request_id", "7f3b").Msg("request failed")
	log.Fatal().Msg("out of memory")
}
