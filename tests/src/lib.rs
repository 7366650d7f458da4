//! The conformance suite: the same cases on the host and on every board.
#![no_std]
