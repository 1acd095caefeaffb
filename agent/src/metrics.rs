//! stub
use std::time::Duration;
use routelet_status::snapshot::*;
use frr_driver::clear::ClearKind;
pub(crate) struct Metrics;
impl Metrics { pub(crate) fn new() -> anyhow::Result<Self> { Ok(Self) }
 pub(crate) fn applied(&self, _: ApplyResult, _: Duration) {}
 pub(crate) fn rejected(&self, _: &str) {}
 pub(crate) fn cleared(&self, _: ClearKind, _: bool) {}
 pub(crate) fn update(&self, _: &Snapshot) {} }
