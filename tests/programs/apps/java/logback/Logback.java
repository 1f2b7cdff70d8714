import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Logs with Logback through SLF4J. */
public class Logback {
    private static final Logger LOG = LoggerFactory.getLogger("scoring.Api");

    public static void main(String[] arguments) {
        MDC.put("request_id", "7f3a");
        LOG.trace("entering");
        LOG.debug("loading model from {}", "model.joblib");
        LOG.info("2 rows scored in 12.5 ms");
        LOG.warn("feature AGE is missing, using the median");
        try {
            score();
        } catch (IllegalStateException error) {
            LOG.error("request 7f3b failed", error);
        }
    }

    private static void score() {
        try {
            Integer.parseInt("n/a");
        } catch (NumberFormatException error) {
            throw new IllegalStateException("model not loaded", error);
        }
    }
}
