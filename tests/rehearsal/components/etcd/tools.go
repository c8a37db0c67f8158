//go:build tools

// Package tools pins the etcd that the rehearsals run. See ../../README.md.
package tools

import _ "go.etcd.io/etcd/server/v3"
