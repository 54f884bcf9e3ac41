//! `user.cfg`, the file that a cluster keeps all of this in.
