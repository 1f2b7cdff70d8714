// Writes log records as OTLP/JSON lines, by the OpenTelemetry Collector's file exporter.
package main

import (
	"context"
	"os"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func main() {
	factory := fileexporter.NewFactory()
	config := factory.CreateDefaultConfig().(*fileexporter.Config)
	config.Path = os.Args[1]
	exporter, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), config)
	check(err)
	check(exporter.Start(context.Background(), componenttest.NewNopHost()))
	check(exporter.ConsumeLogs(context.Background(), startUp()))
	check(exporter.ConsumeLogs(context.Background(), failure()))
	check(exporter.Shutdown(context.Background()))
}

func scoped(logs plog.Logs) plog.ScopeLogs {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "scoring")
	resource.Resource().Attributes().PutStr("k8s.pod.name", "scoring-5d4f")
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName("scoring.api")
	return scope
}

func add(scope plog.ScopeLogs, severity plog.SeverityNumber, text, body string) plog.LogRecord {
	record := scope.LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.SetSeverityNumber(severity)
	record.SetSeverityText(text)
	record.Body().SetStr(body)
	return record
}

func startUp() plog.Logs {
	logs := plog.NewLogs()
	scope := scoped(logs)
	add(scope, plog.SeverityNumberDebug, "DEBUG", "loading model from model.joblib")
	record := add(scope, plog.SeverityNumberInfo, "INFO", "2 rows scored in 12.5 ms")
	record.Attributes().PutStr("request_id", "7f3a")
	record.Attributes().PutDouble("duration_ms", 12.5)
	record.SetTraceID([16]byte{0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c})
	record.SetSpanID([8]byte{0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74})
	add(scope, plog.SeverityNumberWarn, "WARN", "feature AGE is missing")
	return logs
}

func failure() plog.Logs {
	logs := plog.NewLogs()
	record := add(scoped(logs), plog.SeverityNumberError, "ERROR", "request failed")
	record.Attributes().PutStr("request_id", "7f3b")
	record.Attributes().PutStr("exception.type", "RuntimeError")
	record.Attributes().PutStr("exception.message", "model not loaded")
	record.Attributes().PutStr("exception.stacktrace", "Traceback (most recent call last):\n  File \"app.py\", line 1, in <module>\nRuntimeError: model not loaded\n")
	return logs
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
