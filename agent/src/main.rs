//! The node agent.
#[expect(dead_code, unused_imports, reason = "the commands that use it are not there yet")]
mod source;
#[expect(dead_code, unused_imports, reason = "the commands that use it are not there yet")]
mod store;

fn main() {}
