//! Service account tokens that never end: finding them, by way of the API server or in a snapshot of etcd.
