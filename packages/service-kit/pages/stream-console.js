// The console of /stream-docs: one connection, what is said on it and what comes.

/** More messages than anybody reads back; a busy channel brings them in seconds. */
const SHOWN_MAX = 200;

const form = document.getElementById("console");
const log = document.getElementById("log");
const state = document.getElementById("state");
const { path, token, message, open, close, send, resume } = form.elements;
// `/stream-docs/` is a level deeper than `/stream-docs`.
const base = new URL(location.pathname.endsWith("/") ? "../" : "./", location.href);
const offsets = new Map();
let socket;

for (const link of document.querySelectorAll("a[data-up]")) link.href = new URL(link.getAttribute("href"), base);

function show(kind, text) {
  const line = document.createElement("li");
  line.className = kind;
  line.textContent = text;
  log.append(line);
  if (log.childElementCount > SHOWN_MAX) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}

function setState(text, isOpen) {
  state.value = text;
  open.disabled = isOpen;
  close.disabled = send.disabled = !isOpen;
}

/** A browser's WebSocket cannot carry a token: that buys a ticket. */
async function ticket() {
  if (token.value === "") return undefined;
  const headers = { authorization: `Bearer ${token.value}` };
  const answer = await fetch(new URL("tickets", base), { method: "POST", headers });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${body.detail ?? body.title}`);
  return body.ticket;
}

/** What is missed from now on can be asked for from these. */
function note(text) {
  const told = JSON.parse(text);
  for (const [channel, offset] of Object.entries(told.offsets ?? {})) offsets.set(channel, offset);
  for (const { channel, offset } of [told, ...(told.type === "subscribed" ? told.channels : [])])
    if (channel && offset) offsets.set(channel, offset);
}

async function connect() {
  setState("connecting …", true);
  try {
    const url = new URL(path.value, base);
    url.protocol = url.protocol.replace("http", "ws");
    const bought = await ticket();
    if (bought !== undefined) url.searchParams.set("ticket", bought);
    const opened = new WebSocket(url);
    socket = opened;
    opened.onopen = () => setState("connected", true);
    opened.onmessage = ({ data }) => {
      show("told", data);
      note(data);
    };
    // A browser does not say how an upgrade was refused.
    opened.onclose = ({ code, reason }) => setState(`closed: ${code} ${reason}`, false);
  } catch (error) {
    setState(`not connected: ${error.message}`, false);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void connect();
});
close.addEventListener("click", () => socket?.close());
send.addEventListener("click", () => {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(message.value);
  show("said", message.value);
});
resume.addEventListener("click", () => {
  const since = Object.fromEntries(offsets);
  message.value = JSON.stringify({ op: "subscribe", id: 1, channels: Object.keys(since), since });
});
