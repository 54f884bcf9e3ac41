//! Proxmox VE's permission algorithm.
//!
//! Knows what every user and token may do in a given state, exactly as the server would say. Does not know where the
//! state comes from.
