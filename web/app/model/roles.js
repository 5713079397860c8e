/** Roles: what each may do, as a coach would say it, and who may give which; as api/identity/clubs.py judges it. */

/** @typedef {"owner" | "coach" | "scorer" | "viewer"} Role */

/** @type {readonly {role: Role, name: string, may: string}[]} From the most to the least. */
export const ROLES = Object.freeze([
  { role: "owner", name: "Owner", may: "everything, and who belongs to the club" },
  { role: "coach", name: "Coach", may: "everything about matches and the squad, and answers questions" },
  { role: "scorer", name: "Scorer", may: "records matches" },
  { role: "viewer", name: "Viewer", may: "sees everything, changes nothing" },
]);

const LESSER = new Set(["scorer", "viewer"]);

/** @param {string} role */
export const roleName = (role) => ROLES.find((each) => each.role === role)?.name ?? role;

/**
 * Return the roles into which somebody may invite.
 * @param {string | undefined} mine
 */
export function mayInvite(mine) {
  return ROLES.filter(({ role }) => mine === "owner" || (mine === "coach" && LESSER.has(role)));
}

/**
 * Return the roles that somebody may give a member.
 * @param {string | undefined} mine
 * @param {{role: string, isOwn: boolean}} member
 */
export function mayGive(mine, { role: held, isOwn }) {
  return ROLES.filter(({ role }) => mine === "owner" || (mine === "coach" && LESSER.has(role) && (isOwn || LESSER.has(held))));
}
