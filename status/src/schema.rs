//! What the schema says of types that are not ours.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A point in time, as the schema has it: RFC 3339, which the API server checks.
pub(crate) struct Time;

// === impl Time ===

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// The words of conditions, as `metav1.Condition` has them. No list of them: an agent may be newer than the definition.
pub(crate) fn camel_case(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$", "maxLength": 64 })
}
