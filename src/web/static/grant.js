// Giving a centre key to a newcomer: what was heard by voice is compared, the key wrapped anew, the giver signs.
// See src/sealing/grant.rs.

import { hex, need, sha256, unhex } from './bytes.js';
import { mayHold, readCard } from './card.js';
import { unwrap, wrap, wrapInfo } from './hpke.js';
import { sign } from './signature.js';

// The newcomer's card, when the eight groups that were heard are its fingerprint. Typed in any case and spacing.
export async function compare(cardText, heard) {
  const card = await readCard(cardText);
  const typed = heard.join('').normalize('NFKC').toLowerCase().replace(/\s/g, '');
  need(typed === card.print, 'key.fp');
  return card;
}

// What the giver signs: compact JSON, keys in this order.
export const grantText = ({ trial, centre, epoch, person, fingerprint, wrapped, by }) =>
  JSON.stringify({ trial, centre, epoch, person, fingerprint, wrap: wrapped, by });

// Wraps one centre key, held by `identity`, to the newcomer. What comes out is the body of POST /v1/grants.
export async function grantKey(card, held, identity, trial) {
  const { centre, epoch } = held;
  need(held.person === identity.person && mayHold(identity, centre) && mayHold(card, centre), 'key.other');
  const own = wrapInfo(trial, centre, epoch, identity.person);
  const key = await unwrap(identity.opening, own, unhex(held.wrap, 113), 'AES-GCM');
  const bytes = await wrap(card.opening, wrapInfo(trial, centre, epoch, card.person), key);
  const said = {
    trial, centre, epoch, person: card.person, fingerprint: card.print, wrapped: hex(await sha256(bytes)),
    by: identity.person,
  };
  const signature = await sign(identity.signing.key, 'grant', grantText(said));
  const { person, print: fingerprint } = card;
  return { person, centre, epoch, fingerprint, wrap: hex(bytes), signature };
}
