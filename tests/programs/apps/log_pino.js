// Logs with pino.
const log = require("pino")({ level: "trace" });

log.trace("entering");
log.debug({ path: "model.joblib" }, "loading model");
log.info({ req: { method: "POST", url: "/predict" }, res: { statusCode: 200 }, responseTime: 12.5 }, "request completed");
log.warn("feature AGE is missing");
log.error(new Error("model not loaded"), "request failed");
log.fatal("out of memory");
