use super::*;

/// What the API server wants of a schema, and does not say kindly.
fn check(schema: &JSONSchemaProps, path: &str) {
    assert!(schema.type_.is_some(), "{path} has no type");
    let known = ["date-time", "double", "int64", "ipv4"];
    assert!(
        schema.format.as_deref().is_none_or(|format| known.contains(&format)),
        "{path}: {:?}",
        schema.format
    );
    for (name, property) in schema.properties.iter().flatten() {
        check(property, &format!("{path}.{name}"));
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        assert!(schema.max_items.is_some(), "{path} has no bound");
        check(items, &format!("{path}[]"));
    }
}

#[test]
fn every_field_has_a_type_and_every_list_a_bound() {
    for definition in definitions() {
        let schema =
            definition.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        check(schema, &definition.spec.names.kind);
        assert!(!schema.properties.as_ref().unwrap().contains_key("spec"));
    }
}

#[test]
fn conditions_are_kept_apart_by_type() {
    for definition in definitions() {
        let text = serde_json::to_value(&definition).unwrap();
        let conditions =
            text.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/conditions");
        let conditions = conditions.unwrap();
        assert_eq!(conditions["x-kubernetes-list-type"], "map");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], serde_json::json!(["type"]));
    }
}
