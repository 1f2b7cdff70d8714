import java.util.logging.Level;
import java.util.logging.Logger;

/** Logs with java.util.logging as it is by default. */
public class Jul {
    private static final Logger LOG = Logger.getLogger("scoring.Api");

    public static void main(String[] arguments) {
        LOG.info("2 rows scored in 12.5 ms");
        LOG.warning("feature AGE is missing, using the median");
        try {
            Integer.parseInt("n/a");
        } catch (NumberFormatException error) {
            LOG.log(Level.SEVERE, "request 7f3b failed", error);
        }
    }
}
