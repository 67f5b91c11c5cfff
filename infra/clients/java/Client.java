import static java.util.concurrent.TimeUnit.SECONDS;

import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.*;
import java.util.regex.*;

public class Client {
  static final String API = System.getenv().getOrDefault("FX_URL", "http://localhost:8000");
  static final String KEY = "Bearer " + System.getenv().getOrDefault("FX_TOKEN", "");
  static final HttpClient HTTP = HttpClient.newHttpClient();
  // In a program of yours a JSON library stands here.
  static final Pattern BAR = Pattern.compile("\"bucket\":\"([^\"]+)\".*?\"close\":([^,]+)");
  static final Pattern TICK = Pattern.compile("\"time\":\"([^\"]+)\",\"price\":([^,}]+)");
  static final Pattern OFFSET = Pattern.compile("\"offset\":\"([^\"]+)\"");
  static final Pattern NEXT = Pattern.compile("<([^>]+)>; rel=\"next\"");

  static HttpRequest.Builder to(String url) {
    return HttpRequest.newBuilder(URI.create(url)).header("Authorization", KEY);
  }

  static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = HTTP.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() >= 400) throw new IllegalStateException(answer.body());
    return answer;
  }

  public static void main(String[] args) throws Exception {
    String tick = "{\"symbol\":\"EURUSD\",\"price\":1.1}";
    send(to(API + "/ticks").header("Content-Type", "application/json").POST(BodyPublishers.ofString(tick)));

    // Bars, page by page.
    for (String page = API + "/ohlc?symbol=EURUSD&interval=1m&start=2026-01-01"; page != null; ) {
      HttpResponse<String> answer = send(to(page));
      BAR.matcher(answer.body()).results().forEach(bar -> System.out.println(bar.group(1) + " " + bar.group(2)));
      Matcher next = NEXT.matcher(answer.headers().firstValue("Link").orElse(""));
      page = next.find() ? next.group(1) : null;
    }

    // Ticks as they come; after a break it goes on with the first one that was missed.
    for (String since = null; ; Thread.sleep(1000)) {
      BlockingQueue<String> messages = new LinkedBlockingQueue<>();
      WebSocket socket;
      try {
        URI address = URI.create(API.replaceFirst("http", "ws") + "/ws");
        socket = HTTP.newWebSocketBuilder().header("Authorization", KEY).buildAsync(address, new Listener(messages)).get();
      } catch (ExecutionException failed) {
        // Refused before there is a WebSocket: 503 and 429 say how many seconds to wait.
        if (failed.getCause() instanceof WebSocketHandshakeException refused) {
          HttpResponse<?> answer = refused.getResponse();
          if (answer.statusCode() != 503 && answer.statusCode() != 429) throw failed;
          Thread.sleep(1000 * answer.headers().firstValueAsLong("Retry-After").orElse(1));
        }
        continue;
      }
      String from = since == null ? "" : ",\"since\":{\"ticks:EURUSD\":\"" + since + "\"}";
      socket.sendText("{\"op\":\"subscribe\",\"channels\":[\"ticks:EURUSD\"]" + from + "}", true);
      // A heartbeat comes every 10 s: silence is a connection that is gone.
      for (String text; (text = messages.poll(25, SECONDS)) != null && !text.isEmpty(); ) {
        if (text.contains("\"type\":\"ticks\""))
          TICK.matcher(text).results().forEach(each -> System.out.println(each.group(1) + " " + each.group(2)));
        else if (!text.contains("\"type\":\"heartbeat\"")) System.out.println(text);
        Matcher offset = OFFSET.matcher(text);
        if (offset.find() && !text.contains("\"recovered\":true")) since = offset.group(1);
      }
      socket.abort();
    }
  }

  /** Puts whole messages into the queue, and an empty one at the end. */
  record Listener(BlockingQueue<String> messages, StringBuilder text) implements WebSocket.Listener {
    Listener(BlockingQueue<String> messages) {
      this(messages, new StringBuilder());
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) messages.add(text.toString());
      if (isLast) text.setLength(0);
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      messages.add("");
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      messages.add("");
    }
  }
}
