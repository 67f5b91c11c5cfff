import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/** Everything a Java program does over HTTP, with what the JDK has; ends with 1 at the first answer that is not the right one. */
public class Check {
  static final String API = System.getenv("FX_URL");
  static final String KEY = "Bearer " + System.getenv("FX_TOKEN");
  static final String SYMBOL = System.getenv("FX_SYMBOL");
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static final Pattern NEXT = Pattern.compile("<([^>]+)>; rel=\"next\"");

  static HttpRequest.Builder to(String path) {
    URI address = URI.create(path.startsWith("/") ? API + path : path);
    return HttpRequest.newBuilder(address).header("Authorization", KEY);
  }

  static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HTTP.send(request.build(), BodyHandlers.ofString());
  }

  static HttpResponse<String> post(String path, String type, BodyPublisher body) throws Exception {
    return send(to(path).header("Content-Type", type).POST(body));
  }

  static void expect(boolean isSo, String what, HttpResponse<String> answer) {
    if (isSo) System.out.println("ok " + what);
    else throw new AssertionError(what + ": " + answer + " " + answer.headers().map() + " " + answer.body());
  }

  static String tick(String time, double price) {
    return "{\"symbol\":\"" + SYMBOL + "\",\"time\":\"" + time + "\",\"price\":" + price + "}";
  }

  public static void main(String[] args) throws Exception {
    writes();
    reads();
    HttpRequest unsigned = HttpRequest.newBuilder(URI.create(API + "/symbols")).build();
    HttpResponse<String> refused = HTTP.send(unsigned, BodyHandlers.ofString());
    boolean isAsked = refused.headers().firstValue("WWW-Authenticate").orElse("").startsWith("Bearer");
    expect(refused.statusCode() == 401 && isAsked, "without a token: 401", refused);
    HttpResponse<String> bad = post("/ticks", "application/json", BodyPublishers.ofString(tick("noon", 1)));
    expect(bad.statusCode() == 422 && bad.body().contains("RFC 3339"), "a bad time: 422", bad);
  }

  static void writes() throws Exception {
    String now = OffsetDateTime.of(2026, 3, 2, 0, 0, 0, 0, ZoneOffset.UTC).toString();
    for (String is : new String[] {"false", "true"}) {
      HttpResponse<String> one = post("/ticks", "application/json", BodyPublishers.ofString(tick(now, 1.1)));
      expect(one.statusCode() == 201 && one.body().contains("\"duplicate\":" + is), "a tick, duplicate " + is, one);
    }
    Instant later = Instant.parse("2026-03-02T00:00:01.123456789Z");
    String two = "[" + tick(later.toString(), 1.2) + "," + tick(later.plusSeconds(1).toString(), 1.3) + "]";
    HttpResponse<String> bulk = post("/ticks/bulk", "application/json", BodyPublishers.ofString(two));
    expect(bulk.statusCode() == 201 && bulk.body().contains("\"created\":2"), "an array", bulk);
    // Of a stream nobody knows the length: it is sent in chunks, when the server says that it may be.
    String lines = tick("2026-03-02T00:00:03Z", 1.4) + "\n" + tick("2026-03-02T00:00:04Z", 1.5) + "\n";
    BodyPublisher stream = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(lines.getBytes()));
    HttpResponse<String> chunked =
        send(to("/ticks/bulk").header("Content-Type", "application/x-ndjson").expectContinue(true).POST(stream));
    expect(chunked.statusCode() == 201 && chunked.body().contains("\"created\":2"), "NDJSON in chunks", chunked);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(("time,symbol,price\n2026-03-02T00:00:05Z," + SYMBOL + ",1.6\n").getBytes());
    }
    BodyPublisher body = BodyPublishers.ofByteArray(packed.toByteArray());
    HttpRequest.Builder csv = to("/ticks/bulk").header("Content-Type", "text/csv").header("Content-Encoding", "gzip");
    HttpResponse<String> gzip = send(csv.POST(body));
    expect(gzip.statusCode() == 201 && gzip.body().contains("\"created\":1"), "CSV as gzip", gzip);
  }

  static void reads() throws Exception {
    String all = "/ticks?symbol=" + SYMBOL + "&start=2026-03-02";
    StringBuilder pages = new StringBuilder();
    int count = 0;
    for (String page = all + "&limit=2"; page != null; count += 1) {
      HttpResponse<String> answer = send(to(page));
      pages.append(answer.body());
      Matcher next = NEXT.matcher(answer.headers().firstValue("Link").orElse(""));
      page = next.find() ? next.group(1) : null;
    }
    HttpResponse<String> whole = send(to(all));
    boolean isAll = pages.toString().replace("][", ",").replace("]\n[", ",").trim().equals(whole.body().trim());
    expect(isAll && count == 3, "pages by Link", whole);
    HttpResponse<String> head = send(to(all).method("HEAD", BodyPublishers.noBody()));
    String tag = head.headers().firstValue("ETag").orElse("");
    long length = head.headers().firstValueAsLong("Content-Length").orElse(-1);
    expect(head.statusCode() == 200 && length == whole.body().length(), "HEAD", head);
    HttpResponse<String> same = send(to(all).header("If-None-Match", tag));
    expect(same.statusCode() == 304 && same.body().isEmpty(), "If-None-Match", same);
    HttpResponse<String> part = send(to(all).header("Range", "bytes=1-9").header("If-Range", tag));
    expect(part.statusCode() == 206 && part.body().equals(whole.body().substring(1, 10)), "Range", part);
    HttpResponse<String> past = send(to(all).header("Range", "bytes=999999-"));
    expect(past.statusCode() == 416, "a range past the end", past);
  }
}
