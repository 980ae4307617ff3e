//! Headers that every answer wears, and what a page may load (screens A2).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// For answers that are no page: nothing may be loaded, framed or sent.
pub const CSP_DATA: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// For pages without keys: our own style and pictures, our own forms, no script at all.
pub const CSP_PAGE: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For pages on which a key is made or opened: our own scripts as well, which may talk to nobody but us and can never
/// turn text into script.
pub const CSP_KEYS: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
     connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For the description of the interface alone, whose vendored page styles itself.
pub const CSP_DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
     encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(self), \
     screen-wake-lock=(), serial=(), sync-xhr=(), usb=(), xr-spatial-tracking=()";

/// What stands unless the answer said otherwise itself.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::PERMISSIONS_POLICY, PERMISSIONS),
    (header::CONTENT_SECURITY_POLICY, CSP_DATA),
    (header::CACHE_CONTROL, "no-store"),
];

const HSTS: &str = "max-age=31536000; includeSubDomains";

/// The header that carries a request's reference.
pub const REQUEST: &str = "klero-request";

/// Puts on every header that is not there yet. `https`: the public address is, so that it may be remembered.
pub fn dress(headers: &mut HeaderMap, request: &str, https: bool) {
    for (name, value) in ALWAYS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if let Ok(request) = HeaderValue::from_str(request) {
        headers.insert(HeaderName::from_static(REQUEST), request);
    }
}
