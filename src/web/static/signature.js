// Signatures of people: ECDSA P-256 with SHA-256, 64 bytes r ‖ s, over "klero/v1/" ‖ purpose ‖ 00 ‖ the exact bytes.
// See src/sealing/signature.rs.

import { concat, hex, label, need, sha256, subtle, utf8 } from './bytes.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const SHA = { name: 'ECDSA', hash: 'SHA-256' };

// Returns hex.
export async function sign(key, purpose, text) {
  const said = concat(label(purpose), utf8(text));
  const signature = new Uint8Array(await subtle.sign(SHA, key, said));
  need(signature.length === 64, 'key.browser');
  return hex(signature);
}

// A point that is not on the curve has signed nothing.
export async function verify(point, purpose, text, signature) {
  try {
    const key = await subtle.importKey('raw', point, P256, false, ['verify']);
    return await subtle.verify(SHA, key, signature, concat(label(purpose), utf8(text)));
  } catch (_) {
    return false;
  }
}

// What an opening receipt is signed over: that, never what. `leaf` is the entry's leaf hash in hex.
export const receiptText = (reference, leaf, fits, at) =>
  JSON.stringify({ reference, entry: leaf, fits, at });

// What the receipt of a drill is signed over.
export const drillText = (reference, leaf, fits, keysOpened, at) =>
  JSON.stringify({ reference, entry: leaf, fits, keysOpened, at });

// Signs an act instead of the login password. `body` is the request without its signature.
export async function signAct(identity, act, once, body, meaning) {
  const hash = hex(await sha256(utf8(JSON.stringify(body))));
  const text = JSON.stringify({ act, once, body: hash, meaning });
  return { key: await sign(identity.signing.key, 'act', text), meaning };
}
