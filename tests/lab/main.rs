//! Tests against real FRR; they need root, and build missing root file systems.
//!
//! A test that fails leaves the logs of its routers in `target/lab-logs`.

#[cfg(test)]
mod agent_applies;
#[cfg(test)]
mod agent_clears;
#[cfg(test)]
mod agent_extras;
#[cfg(test)]
mod agent_faults;
#[cfg(test)]
mod agent_refusals;
#[cfg(test)]
mod agent_reports;
#[cfg(test)]
mod agent_restarts;
#[cfg(test)]
mod agent_scale;
#[cfg(test)]
mod agent_settles;
#[cfg(test)]
mod cli_commands;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod impact_sessions;
#[cfg(test)]
mod kept_numbers;
#[cfg(test)]
mod kube_admission;
#[cfg(test)]
mod kube_away;
#[cfg(test)]
mod kube_costs;
#[cfg(test)]
mod kube_deploy;
#[cfg(test)]
mod kube_remembers;
#[cfg(test)]
mod kube_secrets;
#[cfg(test)]
mod kube_server;
#[cfg(test)]
mod kube_status;
#[cfg(test)]
mod kube_story;
#[cfg(test)]
mod kube_tells;
#[cfg(test)]
mod lab_agent;
#[cfg(test)]
mod lab_cleanup;
#[cfg(test)]
mod lab_configmap;
#[cfg(test)]
mod lab_routers;
#[cfg(test)]
mod lab_two_gateways;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod merge_law;
#[cfg(test)]
mod policy_transaction;
#[cfg(test)]
mod rng;
#[cfg(test)]
mod story;
#[cfg(test)]
mod traps;
