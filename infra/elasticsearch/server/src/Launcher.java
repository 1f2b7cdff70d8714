import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts one Elasticsearch node from the published jars, on the loopback interface: {@code Launcher HOME DATA PORT}.
 *
 * <p>The server's own command line needs files that are only in the packaged distribution; a node does not.
 */
public final class Launcher {
    private Launcher() {}

    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging();
        Environment environment = environment(Path.of(args[0]), Path.of(args[1]), args[2]);
        LogConfigurator.configureWithoutConfig(environment.settings());
        Node node = new Node(environment, plugins(environment));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        Thread.currentThread().join();
    }

    private static Environment environment(Path home, Path data, String port) {
        Settings settings = Settings.builder()
            .put("path.home", home.toAbsolutePath())
            .put("path.data", data.toAbsolutePath())
            .put("path.logs", data.toAbsolutePath().resolve("logs"))
            .put("cluster.name", "local")
            .put("discovery.type", "single-node")
            .put("http.host", "127.0.0.1")
            .put("http.port", port)
            .put("transport.host", "127.0.0.1")
            .put("transport.port", "0")
            // A nearly full disk must not make the indexes of a development server read-only.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        return InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "local");
    }

    private static PluginsLoader plugins(Environment environment) {
        return PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir()),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir()),
            Map.of(),
            false);
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
