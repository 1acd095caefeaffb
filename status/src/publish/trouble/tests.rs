use super::*;

/// What the API server answers with this code, about an object of this name.
fn answer(code: u16, reason: &str, name: &str, retry_after_seconds: u32) -> Trouble {
    let status = serde_json::json!({
        "code": code,
        "reason": reason,
        "message": "why",
        "details": { "name": name, "retryAfterSeconds": retry_after_seconds },
    });
    Trouble::from(Error::Api(Box::new(serde_json::from_value(status).unwrap())))
}

#[test]
fn each_answer_means_something_else() {
    let why = || "why".to_owned();
    assert_eq!(answer(401, "Unauthorized", "", 0), Trouble::Unauthorized(why()));
    assert_eq!(answer(403, "Forbidden", "node-a", 0), Trouble::Forbidden(why()));
    assert_eq!(answer(404, "NotFound", "node-a", 0), Trouble::NotFound(why()));
    assert_eq!(answer(404, "NotFound", "", 0), Trouble::NotDefined);
    assert_eq!(answer(409, "AlreadyExists", "node-a", 0), Trouble::Exists);
    assert_eq!(answer(422, "Invalid", "node-a", 0), Trouble::Invalid(why()));
    let busy = Trouble::Busy { message: why(), retry_after: Duration::from_secs(7) };
    assert_eq!(answer(429, "TooManyRequests", "", 7), busy);
    assert_eq!(answer(500, "InternalError", "", 7), busy);
}

#[test]
fn what_the_api_server_asks_for_is_kept() {
    let Outcome::Failed { at_least, .. } = answer(429, "TooManyRequests", "", 7).outcome() else {
        panic!("a failure")
    };
    assert_eq!(at_least, Duration::from_secs(7));
}

#[test]
fn an_object_that_is_gone_stops_nothing_and_one_that_is_refused_neither() {
    assert_eq!(answer(404, "NotFound", "node-a", 0).outcome(), Outcome::Gone);
    assert_eq!(answer(422, "Invalid", "node-a", 0).outcome(), Outcome::Invalid);
}

#[test]
fn the_causes_of_an_error_are_told_once_each() {
    let inner = std::io::Error::other("connection refused");
    let error = Error::Service(Box::new(inner));
    assert_eq!(with_causes(&error), "ServiceError: connection refused");
}
