// What stands in the sealed part of a code break's record, and the bounds that make it fit.

import { need } from './bytes.js';

export const RELATED = ['unrelated', 'unlikely', 'possible', 'probable', 'definite', 'not-assessed'];
export const NARRATIVE = 1000;

// 1,000 characters are at most 3,000 bytes, and twice as many where each is written as two.
export function breakBody(of, said, at = new Date()) {
  need(RELATED.includes(said.related), 'part.related');
  const narrative = said.narrative.replace(/\r\n?/g, '\n').trim();
  const plain = !/[\p{Cs}\u2028\u2029]|(?!\n)\p{Cc}/u.test(narrative);
  need(plain && narrative.length <= NARRATIVE, 'part.narrative');
  return {
    v: 1, at: at.toISOString(), release: of.release, participant: of.participant, relatedAfter: said.related, narrative,
  };
}
