//! The float network: one file a layer, forward and backward side by side.
