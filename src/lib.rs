//! Proxmox VE access control as code: files and a live cluster in, an ordered plan out, and its execution.

pub mod api;
pub mod apply;
pub mod cli;
pub mod desired;
pub mod diagnostic;
pub mod diff;
pub mod doctor;
pub mod lint;
pub mod live;
pub mod model;
pub mod permissions;
pub mod plan;
pub mod policy;
pub mod pve;
pub mod render;
pub mod resolve;
pub mod sandbox;
