//! The node agent.
#[expect(unused_imports, reason = "the commands that use it are not there yet")]
#[cfg_attr(not(test), expect(dead_code, reason = "the commands that use it are not there yet"))]
mod source;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the commands that use it are not there yet")
)]
mod store;

fn main() {}
