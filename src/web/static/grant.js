// Giving a centre key to a newcomer. See src/sealing/grant.rs.

import { hex, need, sha256, unhex } from './bytes.js';
import { mayHold, readCard } from './card.js';
import { unwrap, wrap, wrapInfo } from './hpke.js';
import { sign } from './signature.js';

// The newcomer's card, when the eight groups that were heard are its fingerprint.
export async function compare(cardText, heard) {
  const card = await readCard(cardText);
  const typed = heard.join('').normalize('NFKC').toLowerCase().replace(/\s/g, '');
  need(typed === card.print, 'key.fp');
  return card;
}

// Wraps one centre key, held by `identity`, to the newcomer: the body of POST /v1/grants. Signed is compact JSON, keys in
// this order.
export async function grantKey(card, held, identity, trial) {
  const { centre, epoch } = held;
  const { person, print: fingerprint } = card;
  need(held.person === identity.person && mayHold(identity, centre) && mayHold(card, centre), 'key.other');
  const own = wrapInfo(trial, centre, epoch, identity.person);
  const key = await unwrap(identity.opening, own, unhex(held.wrap, 113), 'AES-GCM');
  const bytes = await wrap(card.opening, wrapInfo(trial, centre, epoch, person), key);
  const text = JSON.stringify({
    trial, centre, epoch, person, fingerprint, wrap: hex(await sha256(bytes)), by: identity.person,
  });
  const signature = await sign(identity.signing.key, 'grant', text);
  return { person, centre, epoch, fingerprint, wrap: hex(bytes), signature };
}
