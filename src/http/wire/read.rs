//! Reads a JSON body, and says where it is wrong without ever repeating what stood there.

use crate::refusal::{FieldCode, FieldError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

/// Takes a body as `T`, or names the one place where it is wrong. Neither value nor unknown name is repeated: it
/// could be somebody's identity in the wrong field.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, FieldError> {
    serde_json::from_slice(body).map_err(|error| misread(&error, body))
}

/// A body without the passwords or the key signature that sign it, for comparing a repeated act with the first. What is
/// no JSON stays as it is.
pub fn without_proof(body: &[u8]) -> Vec<u8> {
    let Ok(mut said) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if let Some(fields) = said.as_object_mut() {
        fields.shift_remove("password");
    }
    if let Some(fields) = said.get_mut("signature").and_then(Value::as_object_mut) {
        fields.shift_remove("password");
        fields.shift_remove("key");
    }
    if let Some(fields) = said.get_mut("secondCheck").and_then(Value::as_object_mut) {
        fields.shift_remove("password");
    }
    said.to_string().into_bytes()
}

/// A body without its signature, as compact JSON in the order in which it came: what a key signs. What is no JSON stays
/// as it is.
pub fn without_signature(body: &[u8]) -> Vec<u8> {
    let Ok(mut said) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if let Some(fields) = said.as_object_mut() {
        fields.shift_remove("signature");
    }
    said.to_string().into_bytes()
}

fn misread(error: &serde_json::Error, body: &[u8]) -> FieldError {
    let mut pointer = pointer_at(&body[..offset(error, body)]);
    if error.classify() != Category::Data {
        return FieldError::new(pointer, FieldCode::BadJson);
    }
    let message = error.to_string();
    let code = [
        ("missing field", FieldCode::Required),
        ("duplicate field", FieldCode::Doubled),
        ("unknown field", FieldCode::UnknownField),
        ("unknown variant", FieldCode::ChoiceUnknown),
    ];
    let found = code.into_iter().find(|(start, _)| message.starts_with(start));
    let code = found.map_or(FieldCode::WrongType, |(_, code)| code);
    if matches!(code, FieldCode::Required | FieldCode::Doubled)
        && let Some(ours) = message.split('`').nth(1)
    {
        // These two name a field of ours; the other messages repeat what was sent.
        pointer = format!("{pointer}/{ours}");
    }
    FieldError::new(pointer, code)
}

/// How many bytes had been read when the error was found. An error without a place counts as at the beginning.
fn offset(error: &serde_json::Error, body: &[u8]) -> usize {
    let before = body.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1));
    let start: usize = before.map(<[u8]>::len).sum();
    let column = if error.line() == 0 { 0 } else { error.column() };
    (start + column).min(body.len())
}

/// Where reading stands: inside an object after this name, or inside an array at this index.
enum Step {
    Name(Option<String>),
    Index(usize),
}

/// The JSON pointer (RFC 6901) of what was read last in a beginning of a document.
fn pointer_at(read: &[u8]) -> String {
    let mut steps: Vec<Step> = vec![];
    let mut word: Option<String> = None;
    let mut bytes = read.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' => steps.push(Step::Name(None)),
            b'[' => steps.push(Step::Index(0)),
            b'}' | b']' => drop(steps.pop()),
            b'"' => word = text(&mut bytes),
            b':' => {
                if let Some(Step::Name(name)) = steps.last_mut() {
                    *name = word.take();
                }
            }
            b',' => match steps.last_mut() {
                Some(Step::Name(name)) => *name = None,
                Some(Step::Index(index)) => *index += 1,
                None => {}
            },
            _ => {}
        }
    }
    written(&steps)
}

/// The rest of a text, up to its closing mark; nothing when it does not end, or is not plain enough to be a name of
/// ours.
fn text(bytes: &mut impl Iterator<Item = u8>) -> Option<String> {
    let mut name = String::new();
    let mut plain = true;
    loop {
        match bytes.next()? {
            b'"' => break,
            b'\\' => {
                plain = false;
                bytes.next()?;
            }
            byte => name.push(char::from(byte)),
        }
    }
    let ours = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = plain
        && name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(ours);
    fits.then_some(name)
}

/// Writes the pointer as far as each name can be one of ours, and no farther.
fn written(steps: &[Step]) -> String {
    let mut pointer = String::new();
    for step in steps {
        match step {
            Step::Name(Some(name)) => pointer = format!("{pointer}/{name}"),
            Step::Index(index) => pointer = format!("{pointer}/{index}"),
            Step::Name(None) => break,
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        first_one: u8,
        list: Vec<Inner>,
        values: Option<BTreeMap<String, u8>>,
        kind: Option<Kind>,
        people: Option<BTreeMap<String, Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
    }

    fn wrong(body: &str) -> (String, FieldCode) {
        let error = read::<Outer>(body.as_bytes()).expect_err(body);
        (error.pointer, error.code)
    }

    #[test]
    fn a_wrong_body_is_told_where_and_how() {
        for (body, pointer, code) in [
            ("", "", FieldCode::BadJson),
            ("nonsense", "", FieldCode::BadJson),
            ("[]", "", FieldCode::WrongType),
            ("{}", "/firstOne", FieldCode::Required),
            ("{\"firstOne\":\"x\"}", "/firstOne", FieldCode::WrongType),
            ("{\"firstOne\":256}", "/firstOne", FieldCode::WrongType),
            ("{\n \"firstOne\":\n [1]}", "/firstOne", FieldCode::WrongType),
            ("{\"firstOne\":1,\"firstOne\":2}", "/firstOne", FieldCode::Doubled),
            (
                "{\"firstOne\":1,\"list\":[{\"name\":\"a\"},{}]}",
                "/list/1/name",
                FieldCode::Required,
            ),
            ("{\"list\":[{\"name\":\"a\"},{\"name\":1}]}", "/list/1/name", FieldCode::WrongType),
            ("{\"list\":[{\"x\":1}]}", "/list/0", FieldCode::UnknownField),
            (
                "{\"list\":[{\"name\":\"}]\\\"\"},{\"name\":{}}]}",
                "/list/1/name",
                FieldCode::WrongType,
            ),
            ("{\"values\":{\"sledai\":\"x\"}}", "/values/sledai", FieldCode::WrongType),
            ("{\"kind\":\"two\"}", "/kind", FieldCode::ChoiceUnknown),
            ("{\"firstOne\":1,\"list\":[]} x", "", FieldCode::BadJson),
            ("{\"firstOne\":1,\"list\":[", "/list/0", FieldCode::BadJson),
        ] {
            assert_eq!(wrong(body), (pointer.to_owned(), code), "{body}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_ours_is_not_repeated() {
        assert_eq!(wrong("{\"ZHANG San\":1}"), (String::new(), FieldCode::UnknownField));
        let (pointer, _) = wrong("{\"values\":{\"ZHANG San\":\"x\"}}");
        assert_eq!(pointer, "/values");
        let (pointer, _) = wrong("{\"values\":{\"310101198803140011\":\"x\"}}");
        assert_eq!(pointer, "/values");
        let (pointer, _) = wrong("{\"people\":{\"ZHANG San\":{\"name\":1}}}");
        assert_eq!(pointer, "/people");
        let (pointer, _) = wrong("{\"people\":{\"zhang\":{\"name\":1}}}");
        assert_eq!(pointer, "/people/zhang/name");
        let (pointer, _) = wrong("{\"values\":{\"a\\u0062c\":\"x\"}}");
        assert_eq!(pointer, "/values");
    }

    #[test]
    fn bytes_that_are_not_text_are_not_json() {
        let error = read::<Outer>(b"{\"list\":[{\"name\":\"\xff\xfe\"}]}").expect_err("not text");
        assert_eq!((error.pointer.as_str(), error.code), ("/list/0/name", FieldCode::BadJson));
    }

    #[test]
    fn a_body_is_compared_without_its_password_and_with_everything_else() {
        let body = |password: &str, note: &str| {
            let text = format!(
                "{{\"note\": \"{note}\", \"password\":\"{password}\",\n \"signature\":\
                 {{\"password\":\"{password}\",\"meaning\":\"m\"}}}}"
            );
            without_proof(text.as_bytes())
        };
        assert_eq!(body("one", "x"), b"{\"note\":\"x\",\"signature\":{\"meaning\":\"m\"}}");
        assert_eq!(body("one", "x"), body("two", "x"));
        assert_ne!(body("one", "x"), body("one", "y"));
        assert_eq!(without_proof(b"[1"), b"[1");
        let keyed = br#"{"key":"x","note":"x","signature":{"key":"00","meaning":"m"}}"#;
        let plain = br#"{"key":"x","note":"x","signature":{"meaning":"m"}}"#;
        assert_eq!(without_proof(keyed), plain);
    }

    #[test]
    fn what_a_key_signs_is_the_body_in_its_own_order_without_spaces_and_without_the_signature() {
        let body =
            " {\"z\": [true, null, \"\\u00e9\\/\"],\n \"signature\":{\"key\":\"00\"}, \"a\":7}";
        assert_eq!(
            without_signature(body.as_bytes()),
            "{\"z\":[true,null,\"é/\"],\"a\":7}".as_bytes()
        );
        assert_eq!(without_signature(b"[1"), b"[1");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_stumble(body: Vec<u8>) {
            let _ = read::<Outer>(&body);
        }

        #[test]
        fn any_text_that_looks_like_json_is_read_or_refused(body in "[\\[\\]{}\",:\\\\a-z0-9\n]{0,60}") {
            let _ = read::<Outer>(body.as_bytes());
        }
    }
}
