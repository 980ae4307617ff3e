// A hospital's sign-on server, made up: OpenID Connect with a page of its own, on which somebody types who they are.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';

export const CLIENT = 'klero';
export const SECRET = 'a made-up secret';

const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const PAGE = `<!doctype html><html lang="en"><title>Made-up hospital</title><form method="post">
<label>Who <input name="who"></label><button>Sign in</button></form></html>`;

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

export class Hospital {
  // Named `localhost`, so that it is another site than the service at 127.0.0.1.
  static async open() {
    const hospital = new Hospital();
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    hospital.codes = new Map();
    hospital.server = createServer((request, response) => {
      hospital.answer(request, keys).then(([status, headers, body]) => response.writeHead(status, headers).end(body));
    });
    await new Promise((resolve) => { hospital.server.listen(0, '127.0.0.1', resolve); });
    hospital.issuer = `http://localhost:${hospital.server.address().port}`;
    return hospital;
  }

  async answer(request, keys) {
    const { issuer } = this;
    const url = new URL(request.url, issuer);
    const json = (status, value) => [status, { 'content-type': 'application/json' }, JSON.stringify(value)];
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /.well-known/openid-configuration':
        return json(200, {
          issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'], subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'], token_endpoint_auth_methods_supported: ['client_secret_basic'],
        });
      case 'GET /keys':
        return json(200, { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' }] });
      case 'GET /authorize':
        return [200, { 'content-type': 'text/html' }, PAGE];
      case 'POST /authorize': {
        const code = randomBytes(16).toString('hex');
        this.codes.set(code, { asked: url.searchParams, who: (await read(request)).get('who') });
        const back = new URL(url.searchParams.get('redirect_uri'));
        back.search = new URLSearchParams({ code, state: url.searchParams.get('state') });
        return [302, { location: back.href }, ''];
      }
      case 'POST /token': {
        const token = this.token(await read(request), request.headers.authorization, keys);
        return token ? json(200, token) : json(400, { error: 'invalid_grant' });
      }
      default:
        return json(404, {});
    }
  }

  // What a code is worth: once, to whoever shows what its hash went before.
  token(form, authorization, keys) {
    const found = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    const shown = Buffer.from(authorization.split(' ')[1], 'base64').toString();
    const challenge = createHash('sha256').update(form.get('code_verifier')).digest('base64url');
    if (!found || shown !== `${CLIENT}:${SECRET.replaceAll(' ', '+')}`) return null;
    if (found.asked.get('code_challenge') !== challenge) return null;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer, sub: found.who, aud: CLIENT, nonce: found.asked.get('nonce'), iat: now, exp: now + 300, auth_time: now,
    };
    const signed = `${base64({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${base64(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
    return { access_token: 'of no use', token_type: 'Bearer', expires_in: 300, id_token: `${signed}.${signature.toString('base64url')}` };
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
