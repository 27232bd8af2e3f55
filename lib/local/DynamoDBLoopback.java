import java.lang.reflect.Field;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local on a free loopback port, prints the port, and ends with its standard input. Only requests with the
 * key that the environment names are answered: a web page under a name that was pointed to this machine has none.
 *
 * Amazon's own command line can neither bind to one interface, nor be locked, nor notice that whoever started it is gone.
 */
public class DynamoDBLoopback {
  public static void main(String[] arguments) throws Exception {
    DynamoDBProxyServer proxy =
        ServerRunner.createServerFromCommandLineArgs(
            new String[] {"-inMemory", "-sharedDb", "-disableTelemetry"});
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server server = (Server) field.get(proxy);
    String header = System.getenv("DATABASE_KEY_HEADER");
    String key = System.getenv("DATABASE_KEY");
    server.setHandler(
        new Handler.Wrapper(server.getHandler()) {
          @Override
          public boolean handle(Request request, Response response, Callback callback) throws Exception {
            if (key.equals(request.getHeaders().get(header))) {
              return super.handle(request, response, callback);
            }
            Response.writeError(request, response, callback, 403);
            return true;
          }
        });
    ServerConnector connector = (ServerConnector) server.getConnectors()[0];
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    proxy.start();
    System.out.println("listening on " + connector.getLocalPort());
    while (System.in.read() != -1) {
      // Nothing is ever written to it: only its end matters.
    }
    System.exit(0);
  }
}
