// Logs with bunyan.
const log = require("bunyan").createLogger({ name: "scoring", level: "trace" });

log.trace("entering");
log.debug({ path: "model.joblib" }, "loading model");
log.info({ request_id: "7f3a", duration_ms: 12.5 }, "2 rows scored");
log.warn("feature AGE is missing");
log.error(new Error("model not loaded"), "request failed");
log.fatal("out of memory");
