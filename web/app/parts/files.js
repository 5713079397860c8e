/** Files and texts that a person takes away. */

/**
 * Save a text as a file.
 * @param {string} name
 * @param {string} type
 * @param {BlobPart} content
 */
export function saveFile(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Save what is on this phone alone, or was refused, as a file.
 * @param {import("../app.js").App} app
 */
export function saveUnsent({ club }) {
  saveFile("touchline-unsent.json", "application/json", JSON.stringify(club.export(), null, 1));
}

/**
 * Hand a text to another app, or to the clipboard where the phone shares nothing. Answers what became of it.
 * @param {{title: string, text?: string, url?: string}} what
 * @returns {Promise<"shared" | "copied" | "left">}
 */
export async function handOver(what) {
  if (navigator.share) {
    try {
      await navigator.share(what);
      return "shared";
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") return "left";
    }
  }
  await navigator.clipboard.writeText(what.url ?? what.text ?? "");
  return "copied";
}
