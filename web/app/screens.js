/** Screens: which screen each address opens. To add one, write it beside the others, and name it here. */

import { club } from "./screens/club.js";
import { home } from "./screens/home.js";
import { join } from "./screens/join.js";
import { lost } from "./screens/lost.js";
import { match } from "./screens/match.js";
import { newmatch } from "./screens/newmatch.js";
import { player } from "./screens/player.js";
import { questions } from "./screens/questions.js";
import { score } from "./screens/score.js";
import { season } from "./screens/season.js";
import { signin } from "./screens/signin.js";
import { squad } from "./screens/squad.js";
import { team } from "./screens/team.js";

/** @typedef {import("./app.js").Screen} Screen */
/** @typedef {import("./route.js").Route} Route */

/** @type {Record<string, Screen>} */
const BY_NAME = {
  home,
  new: newmatch,
  match,
  questions,
  squad,
  team,
  player,
  season,
  club,
  "sign-in": signin,
  join,
  score,
  lost,
};

/**
 * @param {Route} route
 * @returns {Screen}
 */
export function screenFor({ name }) {
  return BY_NAME[name] ?? lost;
}
