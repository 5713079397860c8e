/**
 * Transport: one request, and what became of it: the server's JSON, its refusal (Problem), or nothing that the server is
 * known to have said (Unreachable), after which the same request is sent again.
 *
 * What stands between a phone and the server answers too: a hotel's sign-in page with 200, a proxy's 403 in HTML. Only
 * JSON counts as the server's word.
 */

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {typeof globalThis.fetch} Fetch */
/**
 * @typedef {object} Asked
 * @property {unknown} [body] sent as JSON, or as the text that it is where a `type` is given
 * @property {string} [type] the content type of such a text
 * @property {boolean} [isFile] whether a file is asked for: JSON, CSV or a ZIP, answered as a Blob
 * @property {Record<string, string | null | undefined>} [query] what is empty is left out
 * @property {string} [token]
 * @property {string} [key] names what is asked for, so that asking again after a lost reply does it no second time
 * @property {Known} [known] what the answer that is here already is known by; brought up to date
 */
/** @typedef {{etag: string | null}} Known */

/** Milliseconds for one request and its answer: 48 KiB at 2 KB/s take 24 s. */
const TIMEOUT_MS = 60_000;
const JSON_TYPE = /^application\/(problem\+)?json\b/i;
/** What a file of the server is; a hotel's page is none of these. */
const FILE_TYPE = /^(application\/(json|zip)|text\/csv)\b/i;
/** Statuses that say nothing about the request: the same may be sent again. */
const PASSING = new Set([408, 425, 429]);

/** Nothing is known of what became of the request: send the same again. */
export class Unreachable extends Error {
  name = "Unreachable";

  /**
   * @param {string} message
   * @param {number} [askedMs] how long the server asked to wait
   * @param {number} [status] with which something answered; 0 where nothing did
   */
  constructor(message, askedMs = 0, status = 0) {
    super(message);
    this.askedMs = askedMs;
    this.status = status;
  }
}

/** The server refused the request, and nothing of it was applied. */
export class Problem extends Error {
  name = "Problem";

  /**
   * @param {number} status
   * @param {any} body an RFC 9457 problem
   */
  constructor(status, body) {
    super(`${body.code}: ${body.detail ?? body.title ?? status}`);
    this.status = status;
    /** @type {string} */
    this.code = body.code;
    this.body = body;
  }
}

export class Transport {
  /** When the server wants to be asked again at the earliest, by this device's clock. */
  notBefore = 0;

  /**
   * @param {object} given
   * @param {string} given.origin the server's address; empty for the page's own
   * @param {Clock} given.clock
   * @param {() => number} [given.share] draws a number from 0 to 1
   * @param {Fetch} [given.fetch]
   */
  constructor({ origin, clock, share = () => 0, fetch = globalThis.fetch.bind(globalThis) }) {
    this.origin = origin;
    this.clock = clock;
    this.share = share;
    this.fetch = fetch;
  }

  /**
   * Send a request; answers the decoded body, null where there is none, or none but what is known; of a file, a Blob.
   * Throws Problem or Unreachable.
   * @param {string} method
   * @param {string} path
   * @param {Asked} [asked]
   * @returns {Promise<any>}
   */
  async ask(method, path, { body, type, query = {}, token, key, known, isFile = false } = {}) {
    const given = Object.entries(query).filter(([, value]) => value);
    const search = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
    const control = new AbortController();
    const stop = this.clock.after(TIMEOUT_MS, () => control.abort());
    try {
      const response = await this.fetch(`${this.origin}${path}${search && "?"}${search}`, {
        method,
        headers: {
          Accept: isFile ? "*/*" : "application/json",
          ...(body !== undefined && { "Content-Type": type ?? "application/json" }),
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(key && { "Idempotency-Key": key }),
          ...(known?.etag && { "If-None-Match": known.etag }),
        },
        ...(body !== undefined && { body: type ? String(body) : JSON.stringify(body) }),
        cache: "no-store",
        credentials: "omit",
        redirect: "error", // our routes send nobody elsewhere; a captive portal does
        signal: control.signal,
      });
      if (isFile && response.ok && FILE_TYPE.test(response.headers.get("Content-Type") ?? "")) return await response.blob();
      const found = this.#read(response, await response.text());
      if (known) known.etag = response.headers.get("ETag") ?? null;
      return found;
    } catch (error) {
      if (error instanceof Problem || error instanceof Unreachable) throw error;
      throw new Unreachable(String(error));
    } finally {
      stop();
    }
  }

  /**
   * @param {Response} response
   * @param {string} text
   */
  #read(response, text) {
    const { status, headers } = response;
    const backOffMs = waitOf(headers.get("Touchline-Backoff"), this.clock.now());
    if (backOffMs) this.notBefore = Math.max(this.notBefore, this.clock.now() + backOffMs * (1 + this.share() / 4));
    if (status === 204 || status === 304) return null;
    const found = JSON_TYPE.test(headers.get("Content-Type") ?? "") ? decoded(text) : undefined;
    if (found === undefined) throw new Unreachable(`something that is not the server answered ${status}`);
    if (response.ok) return found;
    if (status >= 500 || PASSING.has(status) || typeof found?.code !== "string")
      throw new Unreachable(`the server answered ${status}`, waitOf(headers.get("Retry-After"), this.clock.now()), status);
    throw new Problem(status, found);
  }
}

/**
 * @param {string} text
 * @returns {any} undefined where it is no JSON: cut on its way, or not what it says it is
 */
function decoded(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Return the milliseconds that a header asks to wait: it names seconds or, as `Retry-After` may, a date.
 * @param {string | null} value
 * @param {number} now
 */
function waitOf(value, now) {
  if (!value) return 0;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
