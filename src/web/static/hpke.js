// RFC 9180, base mode: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A key of 32 bytes sealed to one person:
// enc 65 ‖ ciphertext 48. See src/sealing/wrap.rs.

import { concat, label, lp, need, subtle, u32, utf8 } from './bytes.js';

const EMPTY = new Uint8Array(0);
const ZEROS = new Uint8Array(32);
const KEM = concat(utf8('KEM'), Uint8Array.of(0, 0x10));
const HPKE = concat(utf8('HPKE'), Uint8Array.of(0, 0x10, 0, 1, 0, 2));
const P256 = { name: 'ECDH', namedCurve: 'P-256' };

// "klero/v1/wrap" ‖ 00 ‖ LP(trial) ‖ LP(centre) ‖ u32(epoch) ‖ LP(person)
export const wrapInfo = (trial, centre, epoch, person) =>
  concat(label('wrap'), lp(trial), lp(centre), u32(epoch), lp(person));

async function hmac(key, ...parts) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, concat(...parts)));
}

const HPKE_V1 = utf8('HPKE-v1');

// An empty salt is 32 zero bytes to HMAC, and WebCrypto takes no empty key.
const extract = (salt, suite, name, ikm) => hmac(salt, HPKE_V1, suite, utf8(name), ikm);

// One block of HMAC is all that any of these needs.
async function expand(prk, suite, name, info, length) {
  const asked = concat(Uint8Array.of(0, length), HPKE_V1, suite, utf8(name), info, Uint8Array.of(1));
  return (await hmac(prk, asked)).subarray(0, length);
}

export const importPoint = (point) => subtle.importKey('raw', point, P256, true, []);

async function agree(own, other) {
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: other }, own, 256));
}

// The AES key and nonce that both sides come to.
async function schedule(dh, enc, to, info) {
  const eae = await extract(ZEROS, KEM, 'eae_prk', dh);
  const shared = await expand(eae, KEM, 'shared_secret', concat(enc, to), 32);
  const pskIdHash = await extract(ZEROS, HPKE, 'psk_id_hash', EMPTY);
  const infoHash = await extract(ZEROS, HPKE, 'info_hash', info);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = await extract(shared, HPKE, 'secret', EMPTY);
  const raw = await expand(secret, HPKE, 'key', context, 32);
  const iv = await expand(secret, HPKE, 'base_nonce', context, 12);
  const key = await subtle.importKey('raw', raw, 'AES-GCM', false, ['wrapKey', 'unwrapKey']);
  for (const bytes of [dh, eae, shared, secret, raw]) bytes.fill(0);
  return { key, gcm: { name: 'AES-GCM', iv } };
}

// Takes a key out of its wrap, straight into a CryptoKey: 'HKDF' to open slots, 'AES-GCM' to wrap it on.
export async function unwrap(opening, info, wrap, as) {
  try {
    need(wrap.length === 113, 'key.other');
    const enc = wrap.subarray(0, 65);
    const dh = await agree(opening.key, await importPoint(enc));
    const { key, gcm } = await schedule(dh, enc, opening.point, info);
    const [extractable, uses] = as === 'HKDF' ? [false, ['deriveKey']] : [true, ['encrypt']];
    return await subtle.unwrapKey('raw', wrap.subarray(65), key, gcm, as, extractable, uses);
  } catch (_) {
    // Another key, centre, epoch or person, or altered bytes: they cannot be told apart.
    need(false, 'key.other');
  }
}

// Wraps a key to the opening point of one person.
export async function wrap(point, info, centreKey) {
  const to = await importPoint(point);
  const own = await subtle.generateKey(P256, false, ['deriveBits']);
  const enc = new Uint8Array(await subtle.exportKey('raw', own.publicKey));
  const { key, gcm } = await schedule(await agree(own.privateKey, to), enc, point, info);
  return concat(enc, new Uint8Array(await subtle.wrapKey('raw', centreKey, key, gcm)));
}
