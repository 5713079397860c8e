/** The viewer's page: shows what the line hears. The secret is in the address's fragment, in memory, and nowhere else. */

import { kindWords, timeOfDay } from '../football/words.js';
import { Line } from './line.js';
import { afterWords, chapters, clockOf, lineWords, newsWords, scoreWords, stageOf, teamName, whoWords } from './match.js';

/** @typedef {import('./match.js').Match} Match */
/** @typedef {import('./match.js').Side} Side */

/** What a chat may have put behind a link, a full stop or a bracket, is left out. */
const SECRET = /^#(tls_[\w-]{64})(?![\w-])/;
const COLOUR = /^#[0-9A-Fa-f]{6}$/;
const HIDDEN_SCORE = 'The club does not show the score of this match. Enjoy the football.';
const GONE = {
  keyless: 'Open the link just as it was sent to you: a part of it is missing here.',
  ended: 'Whoever sent it to you can make a new one.',
};
/** @type {Record<string, string>} */
const MARKS = { goal: 'goal', own_goal: 'goal', yellow_card: 'card', red_card: 'card', substitution: 'swap' };

/** @type {Line | null} */
let line = null;
/** @type {Match | null} */
let drawn = null;
/** @type {string[]} */
let news = [];
/** Whether the last change of the score was news, and may be cheered. */
let isCheered = false;

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);

/** @param {string} id @param {string} text */
function say(id, text) {
  const place = at(id);
  if (place.textContent !== text) place.textContent = text;
}

/** @param {string} tag @param {string} name @param {...(Node | string)} inside */
function make(tag, name, ...inside) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...inside);
  return made;
}

/** @param {string} symbol @param {string} name */
function mark(symbol, name) {
  const [svg, use] = ['svg', 'use'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
  use.setAttribute('href', `#${symbol}`);
  svg.setAttribute('class', name);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/** Open the link that the address holds. */
function open() {
  line?.stop();
  [drawn, news, isCheered] = [null, [], false];
  const secret = SECRET.exec(location.hash)?.[1];
  line = secret ? new Line(secret, (entry) => changed(entry)) : null;
  void line?.run();
  draw();
}

/** @param {import('./match.js').Entry | null} entry */
function changed(entry) {
  const words = entry && line?.screen ? newsWords(line.screen.match, entry) : null;
  if (words) news.push(words);
  isCheered = Boolean(words) && entry?.type === 'event_logged';
  draw();
}

function draw() {
  const match = line?.screen?.match ?? null;
  if (match !== drawn) {
    drawn = match;
    drawMatch(match);
  }
  if (news.length) say('news', news.splice(0).join(' '));
  tick();
}

/** Draw what time alone changes. */
function tick() {
  const now = line?.now() ?? Date.now();
  const phase = line?.phase ?? 'keyless';
  const { tone, text } = lineWords({ phase, since: line?.since ?? 0, heardAt: line?.heardAt ?? 0 }, line?.screen ?? null, now);
  say('words', text);
  at('line').dataset.tone = tone;
  if (drawn) say('clock', clockOf(drawn, tone === 'lost' ? (line?.heardAt ?? now) : now) ?? '');
  const isGone = phase === 'ended' || phase === 'keyless';
  const hint = isGone ? GONE[phase] : drawn && !drawn.score ? HIDDEN_SCORE : '';
  document.body.classList.toggle('is-gone', isGone);
  say('note', hint);
  at('note').hidden = !hint;
}

/** @param {Match | null} match null: nothing may stay on the screen */
function drawMatch(match) {
  at('sides').hidden = at('story').hidden = !match;
  if (!match || !line?.screen) {
    for (const id of ['about', 'home', 'away', 'score', 'penalties', 'stage', 'clock', 'where', 'news']) say(id, '');
    say('title', 'A football match');
    at('timeline').replaceChildren();
    document.title = 'A match on Touchline';
    return;
  }
  const names = [teamName(match, 'home'), teamName(match, 'away')];
  say('about', [match.competition, match.season].filter(Boolean).join(' · '));
  say('home', names[0]);
  say('away', names[1]);
  dress('home', match);
  dress('away', match);
  drawScore(match);
  say('title', match.score ? scoreWords(match) : names.join(' against '));
  document.title = match.score ? `${names[0]} ${match.score.home}–${match.score.away} ${names[1]}` : names.join(' v ');
  say('stage', stage(match));
  say('where', match.venue ?? '');
  drawStory(line.screen);
}

/** @param {Match} match */
function stage(match) {
  if (match.status !== 'scheduled') return stageOf(match);
  const kickoff = new Date(match.kickoff);
  const day = kickoff.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
  return `Kick-off ${kickoff.toDateString() === new Date().toDateString() ? '' : `${day}, `}${timeOfDay(kickoff.getTime())}`;
}

/** @param {Match} match */
function drawScore(match) {
  const { score } = match;
  const digits = score ? [String(score.home), make('span', 'dash', '–'), String(score.away)] : [make('span', 'versus', 'v')];
  at('score').replaceChildren(...digits.map((each) => (typeof each === 'string' ? make('span', 'digits', each) : each)));
  at('score').classList.toggle('is-new', isCheered);
  const isShootout = score && (score.home_shootout || score.away_shootout);
  say('penalties', isShootout ? `${score.home_shootout ?? 0}–${score.away_shootout ?? 0} on penalties` : '');
}

/** @param {Side} side @param {Match} match */
function dress(side, match) {
  const { kit_primary: cloth, kit_secondary: trim } = match[side];
  const shirt = at(`${side}-shirt`);
  const plain = side === 'home' ? '#e9efe9' : '#9db5a6';
  const colour = COLOUR.test(cloth ?? '') ? String(cloth) : plain;
  shirt.style.setProperty('--cloth', colour);
  shirt.style.setProperty('--trim', COLOUR.test(trim ?? '') ? String(trim) : colour);
  if (!shirt.firstChild) shirt.append(mark('shirt', '').firstChild);
}

/** @param {import('./match.js').Screen} screen */
function drawStory(screen) {
  const told = chapters(screen);
  if (!told.length) {
    const words = screen.match.status === 'scheduled' ? 'The timeline begins with the kick-off.' : 'Nothing has been noted yet.';
    at('timeline').replaceChildren(make('p', 'empty', words));
    return;
  }
  at('timeline').replaceChildren(
    ...told.flatMap(({ title, events }) => [
      make('h3', '', title),
      events.length ? make('ol', '', ...events.map((each) => item(screen.match, each))) : make('p', 'empty', 'Nothing noted yet.'),
    ]),
  );
}

/** @param {Match} match @param {import('./match.js').MatchEvent & {mark: string | undefined}} event */
function item(match, event) {
  const isGoal = MARKS[event.kind] === 'goal';
  const isGone = event.mark === 'taken back';
  const who = whoWords(match, event);
  const after = isGoal && !isGone ? afterWords(event) : '';
  const what = make(isGone ? 's' : 'span', 'kind', kindWords(event));
  const text = make('p', 'what', what);
  if (event.mark) text.append(' ', make('span', 'mark-word', event.mark));
  if (who) text.append(' ', make('span', 'who', who));
  return make(
    'li',
    [isGoal && !isGone ? 'is-goal' : '', isGone ? 'is-gone' : '', `kind-${event.kind}`].filter(Boolean).join(' '),
    make('span', 'minute', event.minute),
    mark(`mark-${MARKS[event.kind] ?? 'dot'}`, 'glyph'),
    text,
    ...(after ? [make('span', 'after', after)] : []),
  );
}

addEventListener('hashchange', open);
addEventListener('online', () => line?.nudge());
addEventListener('pageshow', (event) => event.persisted && open());
addEventListener('pagehide', () => line?.stop());
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && line?.nudge());
setInterval(tick, 500);
open();
