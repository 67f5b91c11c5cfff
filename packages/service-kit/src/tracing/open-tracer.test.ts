import { openTracer } from "./open-tracer.js";

const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

test.each([
  ["without an endpoint, whatever else a host says", { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }],
  ["with OTEL_SDK_DISABLED", { ...ON, OTEL_SDK_DISABLED: "true" }],
  ["with no exporter", { ...ON, OTEL_TRACES_EXPORTER: "none" }],
])("nothing is traced %s", async (_case, env) => {
  expect(await openTracer("tick-ingest", "1.0.0", env)).toBeUndefined();
});

test("a protocol or sampler that there is not is refused by name before anything is lost", async () => {
  const env = { ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_TRACES_SAMPLER: "sometimes" };
  await expect(openTracer("tick-ingest", "1.0.0", env)).rejects.toThrow(
    /OTEL_TRACES_SAMPLER must be one of.*OTEL_EXPORTER_OTLP_PROTOCOL must be one of http\/protobuf, http\/json/,
  );
});
