import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.ThreadContext;

/** Logs with Log4j 2. */
public class Log4j2 {
    private static final Logger LOG = LogManager.getLogger("scoring.Api");

    public static void main(String[] arguments) {
        ThreadContext.put("request_id", "7f3a");
        LOG.trace("entering");
        LOG.debug("loading model from {}", "model.joblib");
        LOG.info("2 rows scored in 12.5 ms");
        LOG.warn("feature AGE is missing, using the median");
        try {
            score();
        } catch (IllegalStateException error) {
            LOG.error("request 7f3b failed", error);
        }
        LOG.fatal("two lines:\nthe second line");
    }

    private static void score() {
        try {
            Integer.parseInt("n/a");
        } catch (NumberFormatException error) {
            throw new IllegalStateException("model not loaded", error);
        }
    }
}
