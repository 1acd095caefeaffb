//! stub
use routelet_status::snapshot::LearnedRoutes;
pub(crate) fn learned_routes() -> std::io::Result<LearnedRoutes> { Ok(LearnedRoutes::default()) }
