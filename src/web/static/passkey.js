// Brings what a passkey answers back by the page's own form: when one is added, and in the place of a code at sign-in.
// What is asked stands in the page. Whoever has no such script, or no passkey at hand, types the code as always.

const $ = (id) => document.getElementById(id);
const place = $('passkey');

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

function text(buffer) {
  const all = [...new Uint8Array(buffer)].map((byte) => String.fromCharCode(byte)).join('');
  return btoa(all).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

const known = (list) => (list || []).map(({ type, id }) => ({ type, id: bytes(id) }));

// The same in bytes, as the browser takes it.
function asked(options) {
  const key = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    key.user = { ...options.user, id: bytes(options.user.id) };
    key.excludeCredentials = known(options.excludeCredentials);
  } else {
    key.allowCredentials = known(options.allowCredentials);
  }
  return key;
}

function told({ id, rawId, type, response }) {
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = text(response.attestationObject);
  } else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    said.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return JSON.stringify({ id, rawId: text(rawId), type, response: said, clientExtensionResults: {} });
}

async function use() {
  const { publicKey } = JSON.parse(place.dataset.options);
  const way = publicKey.user ? 'create' : 'get';
  const credential = await navigator.credentials[way]({ publicKey: asked(publicKey) });
  $('passkey-answer').value = told(credential);
  $('main').submit();
}

if (window.PublicKeyCredential) {
  place.hidden = false;
  $('passkey-without')?.remove();
  $('passkey-use').addEventListener('click', async () => {
    $('passkey-said').textContent = '';
    $('passkey-use').disabled = true;
    try {
      await use();
    } catch {
      // Stopped by hand, too late, or no passkey here: which of them is the browser's to say, not the page's.
      $('passkey-said').textContent = place.dataset.not;
      $('passkey-use').disabled = false;
    }
  });
}
