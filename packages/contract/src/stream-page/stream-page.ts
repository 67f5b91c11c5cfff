import type { JsonSchema, Shape } from "@fx-ohlc/schemas";
import { STREAM_ENDPOINTS, type StreamEndpoint } from "../async-api.js";
import { fieldTable, referredBy } from "./fields.js";
import { code, escaped, json, rich, table } from "./html.js";
import { CLOSE_CODES, ERROR_CODES, WHAT_TO_DO } from "./prose.js";

/** What of the AsyncAPI document the page is made of. */
interface StreamDocument {
  readonly info: { readonly version: string; readonly description: string };
  readonly components: {
    readonly messages: Readonly<Record<string, StreamMessage>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
}

interface StreamMessage {
  readonly summary?: string;
  readonly payload: { readonly $ref: string };
  readonly examples?: readonly { readonly payload: unknown }[];
}

const SUBSCRIBE = {
  op: "subscribe",
  id: 1,
  channels: ["ticks:EURUSD", "ohlc:EURUSD:minute", "ohlc:EURUSD:4h@17:America/New_York"],
};
const RESUME = { op: "subscribe", id: 1, channels: ["ticks:EURUSD"], since: { "ticks:EURUSD": "k3f9-1180" } };

/**
 * The body of `/stream-docs`: the stream's document for people, with short prose and a console to try it.
 *
 * @param document the AsyncAPI document
 */
export function streamPage(document: JsonSchema): string {
  // What asyncApiDocument has just made.
  const { info, components } = document as unknown as StreamDocument;
  const messages = (shapes: readonly Shape[]) =>
    [...new Set(shapes)].map(({ name }) => messageSection(name, components)).join("\n");
  const endpoints = Object.values(STREAM_ENDPOINTS);
  const [multiplex, ...others] = endpoints;
  const plain = others.flatMap(({ sends }) => sends).filter((shape) => !multiplex?.sends.includes(shape));
  return `<main>
<h1>The stream</h1>
<p>${rich(info.description)} Version ${escaped(info.version)}; for programs the same is <a href="asyncapi.json" data-up>asyncapi.json</a>, and the rest of the API is at <a href="docs" data-up>docs</a>.</p>
${table(["address", "what", "parameters"], endpoints.map(endpointRow))}
${GUIDE}
<h2 id="messages">What comes on <code>/ws</code>, and what to do with it</h2>
${messages(multiplex?.sends ?? [])}
<h2 id="requests">What you may say on <code>/ws</code></h2>
${messages(multiplex?.takes ?? [])}
<h2 id="errors">Codes of errors</h2>
${table(
  ["code", "meaning"],
  Object.entries(ERROR_CODES).map(([name, meaning]) => [code(name), rich(meaning)]),
)}
<h2 id="closes">Close codes</h2>
${table(
  ["code", "name", "what to do"],
  Object.entries(CLOSE_CODES).map(([number, { name, next }]) => [number, escaped(name), rich(next)]),
)}
<h2 id="plain">What comes on the plain endpoints</h2>
${messages(plain)}
${EVENTS}
${CONSOLE}
</main>`;
}

function endpointRow({ route }: StreamEndpoint): string[] {
  const parameters = route.queryDto?.fields ?? [];
  return [code(route.path), escaped(route.summary), parameters.map((name) => code(name)).join(", ")];
}

function messageSection(name: string, { messages, schemas }: StreamDocument["components"]): string {
  const message = messages[name];
  if (message === undefined) throw new Error(`the stream's document has no message ${name}`);
  const schema = schemas[message.payload.$ref.split("/").at(-1) ?? ""] ?? {};
  const { type, op } = Object(schema.properties);
  const said = Object(type).enum?.[0] ?? Object(type).const ?? Object(op).enum?.[0] ?? Object(op).const ?? name;
  const example = message.examples?.[0];
  const parts = [...referredBy(schema, schemas)].map(([part, of]) => `<h4>${escaped(part)}</h4>${fieldTable(of)}`);
  const next = WHAT_TO_DO[name];
  return `<section id="${name}">
<h3><code>${escaped(String(said))}</code></h3>
<p>${rich(message.summary ?? "")}${next === undefined ? "" : `</p><p class="next">${rich(next)}`}</p>
${example === undefined ? "" : json(example.payload)}
<details><summary>its fields</summary>${fieldTable(schema)}${parts.join("\n")}</details>
</section>`;
}

const GUIDE = `<h2 id="begin">Subscribe</h2>
<p>Open <code>/ws</code> and say what you want to follow; <code>*</code> in place of a symbol is every one. Say more, or <code>unsubscribe</code>, at any time on the same connection.</p>
${json(SUBSCRIBE)}
<p>With <code>AUTH=on</code> the upgrade carries <code>Authorization: Bearer TOKEN</code>, of the scope <code>stream</code>. A browser cannot send that: it buys a ticket with <code>POST /tickets</code> and opens <code>/ws?ticket=…</code> within 30 s. An upgrade that is refused is an ordinary HTTP answer: 401, 403, 429, or 503 with <code>Retry-After</code>, after which to try again.</p>
<h2 id="bars">Bars of any kind</h2>
<p><code>ohlc:EURUSD:15s</code>, <code>ohlc:EURUSD:4h</code>, <code>ohlc:EURUSD:1M</code>: every interval of <code>GET /ohlc</code> can be followed, and each bar is what that would answer. <code>:bid</code>, <code>:ask</code> or <code>:quote</code> behind the interval says which side; <code>@17:America/New_York</code> at the end of 45m and intervals of 2h or more says where the FX day starts, in place of the configured boundary. <code>ohlc:EURUSD:100t</code> are bars of a hundred ticks each: they carry the <code>seq</code> of their first one, and are final when no earlier tick is awaited any more; one that comes later all the same, or a correction, moves every bar of the rest of its FX day, which is told as one <code>gap</code>.</p>
<h2 id="resume">Go on where you stopped</h2>
<p>Keep the <code>offset</code> of the last message of each ticks channel. After a break subscribe with it: what you missed comes first, in order, nothing twice. The server keeps minutes, not days: where its history does not reach back any more, the answer says <code>"recovered":false</code>, and you read what you missed from <code>GET /ticks</code>. Channels of bars always begin with the newest bar; read the closed ones from your last final bucket on.</p>
${json(RESUME)}
<p>What you received, and the ranges you were told of by <code>gap</code> and <code>conflated</code>, are together exactly what happened; with every <code>corrected</code> put in its place, in the order in which it came, what you hold is what <code>GET /ticks</code> answers. Come back after a pause that grows and is partly random, so that all clients of a gateway do not return at once.</p>`;

const EVENTS = `<h2 id="sse">Without WebSockets</h2>
<p><code>GET /sse?channels=ticks:EURUSD,ohlc:EURUSD:5m</code> answers with Server-Sent Events, which <code>curl -N</code> and a browser's <code>EventSource</code> understand. The <code>data</code> of each event is a message as on <code>/ws</code>; the first is <code>subscribed</code>. Tokens, tickets and limits are the same.</p>
<pre>curl -N '/sse?channels=ticks:EURUSD' -H 'Last-Event-ID: EURUSD=k3f9-1180'</pre>
<p>The <code>id</code> of an event says where the ticks of all named symbols stand; a browser sends the last one back by itself as <code>Last-Event-ID</code>, and what was missed is replayed as after <code>since</code>. Who cannot send a header says <code>&amp;last_event_id=…</code>. At most 100 channels, the ticks of 50 symbols by name; <code>ticks:*</code> has no ids and is not resumed: an id would have to say where each of perhaps thousands of symbols stands, on every event and in a header that proxies cut at a few kilobytes. When the server ends it, an event of the type <code>close</code> says why, by the codes above.</p>`;

const CONSOLE = `<h2 id="try">Try it</h2>
<form id="console">
<p><label>Address <input name="path" value="ws" list="paths" required></label> <label>Token <input name="token" type="password" autocomplete="off" placeholder="none with AUTH=off"></label>
<button name="open">Connect</button> <button name="close" type="button" disabled>Close</button></p>
<datalist id="paths"><option value="ws"><option value="ws/ticks?symbol=EURUSD"><option value="ws/ohlc/minute?symbol=EURUSD"><option value="ws/ohlc?interval=15s&amp;symbol=EURUSD"></datalist>
<p><label>Say <textarea name="message" rows="3" spellcheck="false">${escaped(JSON.stringify(SUBSCRIBE))}</textarea></label></p>
<p><button name="send" type="button" disabled>Send</button> <button name="resume" type="button">Fill in what would resume</button></p>
</form>
<output id="state" form="console">not connected</output>
<ol id="log" aria-label="Messages"></ol>`;
