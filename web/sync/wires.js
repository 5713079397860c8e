/**
 * Wires: the ways in which a server sends without being asked. Each carries the same messages; the tail does not care
 * which one it is.
 *
 * A wire is opened with the first message, and reports each frame, and once that it has closed, and why.
 */

/** @typedef {{token: string, since?: string, acked?: string, past?: string[], protocol?: number}} Opening */
/** @typedef {{frame: (frame: any) => void, closed: (code: string, retryMs?: number) => void}} Heard */
/** @typedef {{close: () => void, renew?: (token: string) => void}} Line  `renew` sends a fresh token. */
/**
 * @typedef {object} Wire
 * @property {string} name
 * @property {(opening: Opening, heard: Heard) => Line} open
 */

/**
 * A WebSocket. The token goes in the first message, never in the address.
 * @param {string} url
 * @param {typeof globalThis.WebSocket} [Socket]
 * @returns {Wire}
 */
export function socketWire(url, Socket = globalThis.WebSocket) {
  return {
    name: "socket",
    open(opening, heard) {
      const closed = once(heard.closed);
      const socket = new Socket(url);
      socket.onopen = () => socket.send(JSON.stringify(opening));
      socket.onmessage = ({ data }) => {
        const frame = decoded(data);
        if (frame) heard.frame(frame);
        else socket.close();
      };
      // The server says why in JSON, as in the frame `ended` before it, which a full line may have swallowed.
      socket.onclose = ({ reason }) => {
        const { code = "gone", retry_ms } = decoded(reason) ?? {};
        closed(code, retry_ms);
      };
      return {
        close() {
          closed("left"); // what still arrives is of no interest
          socket.onmessage = null;
          socket.close();
        },
        renew: (token) => socket.send(JSON.stringify({ token })),
      };
    },
  };
}

/**
 * Server-Sent Events, read with `fetch`: `EventSource` cannot send a token.
 * @param {string} url
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Wire}
 */
export function eventsWire(url, fetch = globalThis.fetch?.bind(globalThis)) {
  return {
    name: "events",
    open({ token, since }, heard) {
      const control = new AbortController();
      const closed = once(heard.closed);
      const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}`, ...(since && { "Last-Event-ID": since }) };
      fetch(url, { headers, signal: control.signal, cache: "no-store", credentials: "omit", redirect: "error" })
        .then(async (response) => {
          const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
          if (!response.ok || !response.body || !isStream)
            return closed(response.status === 401 ? "unauthorised" : "gone");
          await readEvents(response.body, (frame) => control.signal.aborted || heard.frame(frame));
          closed("gone");
        })
        .catch(() => closed("gone"));
      return {
        close() {
          closed("left");
          control.abort();
        },
      };
    },
  };
}

/**
 * Read the data of each event (WHATWG HTML, section 9.2.6); comments and other fields are passed over.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(frame: any) => void} heard
 */
async function readEvents(body, heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const text = rest + decoder.decode(value, { stream: true });
    const held = text.endsWith("\r") ? "\r" : ""; // its line feed may come with the next bytes
    const events = text.slice(0, text.length - held.length).replace(/\r\n?/g, "\n").split("\n\n");
    rest = (events.pop() ?? "") + held;
    for (const event of events) {
      const lines = event.split("\n").filter((line) => line.startsWith("data:"));
      const frame = decoded(lines.map((line) => line.slice(5)).join("\n"));
      if (frame) heard(frame);
    }
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    const found = JSON.parse(text);
    return typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}

/**
 * @param {Heard["closed"]} call
 * @returns {Heard["closed"]}
 */
function once(call) {
  let isDone = false;
  return (code, retryMs) => {
    if (!isDone) call(code, retryMs);
    isDone = true;
  };
}

/**
 * Return the wires on which the server sends a club's log, the best first: a socket, then a stream of events. Where
 * neither opens, the device polls.
 * @param {string} origin
 * @returns {Wire[]}
 */
export function wiresOf(origin) {
  const base = socketOrigin(origin);
  const server = origin || globalThis.location?.origin;
  return [...(base ? [socketWire(`${base}/ws/sync`)] : []), ...(server ? [eventsWire(`${server}/api/sync/tail`)] : [])];
}

/**
 * Return where the server's sockets are, or undefined where none can be opened.
 * @param {string} origin
 */
export function socketOrigin(origin) {
  return globalThis.WebSocket ? (origin || globalThis.location?.origin)?.replace(/^http/, "ws") : undefined;
}
