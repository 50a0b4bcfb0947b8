//! The expression language of a REST description, compiled once: what a path takes in is
//! percent-encoded, what a body takes in is written as JSON, so that no value can break out.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

/// Steps one rendering may take.
const FUEL: u64 = 100_000;

/// Where a template's output goes, which decides how values are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Body,
}

/// One template: a constant, or the name of a compiled one.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    Constant(String),
    Compiled(String),
}

/// All templates of a collection.
pub(crate) struct Templates {
    environment: Environment<'static>,
    count: usize,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| match name.split(':').next() {
            Some("path") => AutoEscape::Custom(Cow::Borrowed("path")),
            Some("body") => AutoEscape::Json,
            _ => AutoEscape::None,
        });
        environment.set_formatter(|out, state, value| {
            if !matches!(state.auto_escape(), AutoEscape::Custom(_)) {
                return minijinja::escape_formatter(out, state, value);
            }
            if value.is_safe() {
                return write!(out, "{value}").map_err(Error::from);
            }
            let text = match value.kind() {
                ValueKind::String | ValueKind::Number | ValueKind::Bool => value.to_string(),
                other => return Err(bad(format!("{other} cannot stand in a path"))),
            };
            if matches!(text.as_str(), "" | "." | "..") {
                return Err(bad(format!("{text:?} cannot stand in a path")));
            }
            out.write_str(&encode(&text)).map_err(Error::from)
        });
        environment.add_filter("base64url", |value: Value| {
            Value::from_safe_string(URL_SAFE.encode(value.to_string()))
        });
        // Already encoded where it stands in a path: not to be encoded twice.
        environment.add_filter("urlencode", |value: Value| {
            Value::from_safe_string(encode(&value.to_string()))
        });
        Self {
            environment,
            count: 0,
        }
    }

    /// Compiles one; the error says what is wrong with it.
    pub(crate) fn add(&mut self, place: Place, source: &str) -> Result<Template, String> {
        if !source.contains("{{") && !source.contains("{%") && !source.contains("{#") {
            return Ok(Template::Constant(source.to_owned()));
        }
        let kind = match place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Body => "body",
        };
        self.count += 1;
        let name = format!("{kind}:{}", self.count);
        self.environment
            .add_template_owned(name.clone(), source.to_owned())
            .map_err(|error| error.to_string())?;
        Ok(Template::Compiled(name))
    }

    /// Renders one.
    pub(crate) fn render<'t>(
        &self,
        template: &'t Template,
        context: &Value,
    ) -> Result<Cow<'t, str>, String> {
        match template {
            Template::Constant(text) => Ok(Cow::Borrowed(text)),
            Template::Compiled(name) => self
                .environment
                .get_template(name)
                .and_then(|template| template.render(context.clone()))
                .map(Cow::Owned)
                .map_err(|error| error.to_string()),
        }
    }
}

fn bad(what: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn values_are_escaped_for_their_place() {
        let table = [
            (Place::Path, "/a/{{ id }}", "/a/x%2F..%3Fy%20%22z"),
            (Place::Path, "/a/{{ id|urlencode }}", "/a/x%2F..%3Fy%20%22z"),
            (Place::Query, "{{ id }}", "x/..?y \"z"),
            (
                Place::Body,
                "{\"id\":{{ id }}}",
                "{\"id\":\"x/..?y \\\"z\"}",
            ),
            (
                Place::Body,
                "{\"f\":{{ fields }}}",
                "{\"f\":{\"n\":9007199254740993}}",
            ),
            (Place::Body, "{{ none }}", "null"),
            (
                Place::Query,
                "{{ [['id', 'ASC']]|tojson|base64url }}",
                "W1siaWQiLCAiQVNDIl1d",
            ),
        ];
        for (place, source, expected) in table {
            let mut templates = Templates::new();
            let template = templates.add(place, source).unwrap();
            let context = context! {
                id => "x/..?y \"z",
                fields => Value::from_safe_string("{\"n\":9007199254740993}".to_owned()),
            };
            assert_eq!(
                templates.render(&template, &context).unwrap(),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (place, source, id) in [
            (Place::Path, "/a/{{ unknown }}", "x"),
            (Place::Query, "{{ unknown }}", "x"),
            (Place::Body, "{{ unknown }}", "x"),
            (Place::Path, "/a/{{ id }}", ".."),
            (Place::Path, "/a/{{ id }}", "."),
            (Place::Path, "/a/{{ id }}", ""),
            (Place::Path, "/a/{{ none }}", "x"),
            (
                Place::Query,
                "{% for a in range(100000) %}{{ a }}{% endfor %}",
                "x",
            ),
        ] {
            let mut templates = Templates::new();
            let template = templates.add(place, source).unwrap();
            assert!(
                templates.render(&template, &context! { id }).is_err(),
                "{source} {id:?}"
            );
        }
        assert!(Templates::new().add(Place::Path, "/a/{{ id").is_err());
    }
}
