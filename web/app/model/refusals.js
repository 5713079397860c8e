/** Refusals: what a person is told where the server did not let them in, and beside which field it belongs. */

/** @typedef {{field: string, words: string}} Wrong  The field is empty where it is about the whole form. */

/** @type {Readonly<Record<string, Wrong>>} Code -> what is said, where the server's own sentence is for programs. */
const SAID = Object.freeze({
  wrong_password: { field: "password", words: "The address and the password do not go together." },
  email_taken: { field: "email", words: "This address has an account already. Sign in with it." },
  invitation_ended: { field: "", words: "This invitation has ended. Ask for a new link." },
  not_found: { field: "", words: "This invitation is not known. Perhaps the link was not copied whole." },
  access_ended: { field: "", words: "You are no longer a member of this club. Ask its owner for an invitation." },
  last_owner: { field: "", words: "A club needs an owner. Make somebody else an owner first." },
  sole_owner: { field: "", words: "Others are in a club that only you own. Make one of them an owner first, or remove them." },
});

/** @type {readonly [RegExp, Wrong][]} Where the server says that a text has not its form. */
const MALFORMED = [
  [/email/, { field: "email", words: "This is not an e-mail address." }],
  [/password/, { field: "password", words: "A password has 8 to 256 characters." }],
  [/display_name/, { field: "display_name", words: "Say how you are called, in at most 100 letters." }],
  [/club_name|\.name/, { field: "club_name", words: "Give the club a name, of at most 100 letters." }],
];

/**
 * @param {any} error
 * @param {number} now by this phone's clock
 * @returns {Wrong}
 */
export function refusalWords(error, now) {
  if (error?.name === "Unreachable") return { field: "", words: unreachable(error, now) };
  if (error?.name === "SignedOut") return { field: "", words: "Sign in again for that." };
  if (error?.name === "StoreFault") return { field: "", words: "This phone could not store that. Free some space, then try again." };
  const code = String(error?.code);
  if (Object.hasOwn(SAID, code)) return /** @type {Wrong} */ (SAID[code]);
  if (code === "weak_password")
    return { field: "password", words: "Too easy to guess. Take 8 characters or more that are not a common password." };
  if (code === "malformed")
    return (
      MALFORMED.find(([path]) => path.test(String(error.body?.path)))?.[1] ?? {
        field: "",
        words: String(error.body?.detail ?? "That was not understood."),
      }
    );
  return { field: "", words: String(error?.body?.detail ?? error?.message ?? "That did not work. Try it again.") };
}

/**
 * @param {{status: number, askedMs: number}} error
 * @param {number} now
 */
function unreachable({ status, askedMs }, now) {
  if (status !== 429) return "No connection. All that you record stays on this phone; try again when there is signal.";
  const at = new Date(now + askedMs);
  const isSoon = askedMs < 60_000;
  return `Too many tries. Try again ${isSoon ? `in ${Math.max(1, Math.ceil(askedMs / 1_000))} seconds` : `at ${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`}.`;
}
