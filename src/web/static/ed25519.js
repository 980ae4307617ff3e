// Ed25519 verification (RFC 8032) for browsers whose WebCrypto lacks it. All of it is public, so its time is no matter.

import { concat, subtle } from './bytes.js';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n) => ((n % P) + P) % P;

function power(base, exponent) {
  let [result, square] = [1n, mod(base)];
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

const little = (bytes) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

// The x that goes with y and this sign; null when there is none.
function xOf(y, odd) {
  if (y >= P) return null;
  const yy = (y * y) % P;
  const [u, v] = [mod(yy - 1n), mod(D * yy + 1n)];
  const xx = (u * inverse(v)) % P;
  let x = power(xx, (P + 3n) / 8n);
  if ((x * x) % P !== xx) x = (x * ROOT_OF_MINUS_1) % P;
  if ((x * x) % P !== xx || (x === 0n && odd)) return null;
  return (x & 1n) === (odd ? 1n : 0n) ? x : P - x;
}

// Points are X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
function readPoint(bytes) {
  const n = little(bytes);
  const y = n & (2n ** 255n - 1n);
  const x = xOf(y, n !== y);
  return x === null ? null : [x, y, 1n, (x * y) % P];
}

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P;
  const b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (2n * D * t1 * t2) % P;
  const d = (2n * z1 * z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(scalar, point) {
  let [result, double] = [[0n, 1n, 1n, 0n], point];
  for (let s = scalar; s > 0n; s >>= 1n) {
    if (s & 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

const BASE_Y = mod(4n * inverse(5n));
const BASE_X = xOf(BASE_Y, false);
const BASE = [BASE_X, BASE_Y, 1n, (BASE_X * BASE_Y) % P];

// R = S·B − SHA-512(R ‖ A ‖ text)·A
export async function verifySlowly(publicKey, signature, text) {
  const [r, s] = [signature.subarray(0, 32), little(signature.subarray(32))];
  const a = readPoint(publicKey);
  if (signature.length !== 64 || s >= L || a === null) return false;
  const hash = await subtle.digest('SHA-512', concat(r, publicKey, text));
  const k = little(new Uint8Array(hash)) % L;
  const minusA = [mod(-a[0]), a[1], 1n, mod(-a[3])];
  const [x, y, z] = add(times(s, BASE), times(k, minusA));
  const i = inverse(z);
  return (mod(y * i) | ((mod(x * i) & 1n) << 255n)) === little(r);
}

// By WebCrypto where it knows the curve, else by the numbers above.
export async function verifyEd25519(publicKey, signature, text) {
  let key;
  try {
    key = await subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
  } catch (_) {
    return verifySlowly(publicKey, signature, text);
  }
  return subtle.verify({ name: 'Ed25519' }, key, signature, text);
}
