// Answers each line of {match, messages} with the match after them: the page's side of the law of feeds.
import { createInterface } from 'node:readline';

import { apply } from '../../web/viewer/match.js';

for await (const line of createInterface({ input: process.stdin })) {
  const { match, messages } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(messages.reduce(apply, match))}\n`);
}
