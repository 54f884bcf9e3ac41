//! Whom and what is examined.

use crate::api::{Client, Endpoint, Trust};
use crate::desired::Desired;

/// A credential and the cluster that it is for.
#[derive(Debug)]
pub struct Patient<'a> {
    /// Where the cluster's API is; any of them does.
    pub endpoints: Vec<Endpoint>,
    /// Who says so.
    pub origin: Origin,
    /// Which server is the right one.
    pub trust: Trust,
    /// The credential in use; or why there is none.
    pub client: Result<Client, Unusable>,
    /// Another credential, which may see more; used for looking alone.
    pub examiner: Option<Client>,
    /// What the credential is to be good for.
    pub asked: Asked<'a>,
}

/// Who says where the cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--endpoint`
    Flag,
    /// `PROXMOX_VE_ENDPOINT`
    Variable,
    /// `cluster.endpoint` in the files.
    File,
    /// `--sandbox`
    Sandbox,
}

/// Why a credential cannot be used, in the words of whoever read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub help: Vec<String>,
}

/// What a credential is to be good for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// Making the cluster as these files say.
    Files(&'a Desired),
    /// Not said: there are no files.
    NoFiles,
    /// The files make this token for somebody else, who looks with it.
    Consumer,
}
