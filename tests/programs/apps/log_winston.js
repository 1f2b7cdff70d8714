// Logs with winston: JSON with a time, or its text.
const { createLogger, format, transports } = require("winston");

const text = format.printf(({ level, message, timestamp }) => `${timestamp} ${level}: ${message}`);
const how = {
  default: format.json(),
  json: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()),
  text: format.combine(format.colorize(), format.timestamp(), text),
}[process.argv[2]];
const log = createLogger({ level: "silly", format: how, transports: [new transports.Console()] });

log.silly("entering");
log.debug("loading model", { path: "model.joblib" });
log.info("2 rows scored", { request_id: "7f3a", duration_ms: 12.5 });
log.warn("feature AGE is missing");
log.error("request failed", { request_id: "7f3b" });
