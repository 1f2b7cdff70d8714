import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Starts an Elasticsearch node that logs as the distribution does: {@code ElasticsearchNode HOME CONFIG PORT}. */
public final class ElasticsearchNode {
    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        Settings settings = Settings.builder()
            .put("path.home", home).put("path.data", Path.of("data").toAbsolutePath()).put("path.logs", Path.of("logs").toAbsolutePath())
            .put("cluster.name", "local").put("discovery.type", "single-node")
            .put("http.host", "127.0.0.1").put("http.port", args[2])
            .put("transport.host", "127.0.0.1").put("transport.port", "0")
            .build();
        LogConfigurator.registerErrorListener();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), Path.of(args[1]).toAbsolutePath(), () -> "node-1");
        LogConfigurator.setNodeName("node-1");
        LogConfigurator.configure(environment, true);
        Node node = new Node(environment, PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir()), PluginsLoader.loadPluginsBundles(environment.pluginsDir()), Map.of(), false));
        node.start();
        Thread.currentThread().join();
    }
}
